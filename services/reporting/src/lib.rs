//! reporting: how tickets were handled, counted from the events of tickets, sla and callback and from nothing else.
//! Source: P1, P2.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::{Config, RebuildConfig};

use crate::{grpc::Api, jobs::rebuild::Rebuilder, telemetry::Metrics};

use gongdan_access::guard;
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_outbox::{DeadLetterServer, EventServer, Inbox};
use gongdan_pg::Schema;
use gongdan_proto::reporting::v1::{
    rebuild_service_server::RebuildServiceServer, report_service_server::ReportServiceServer,
};
use gongdan_runtime::{Foundation, Listeners, Running};
use sqlx::PgPool;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The service's name, on the bus and in paths.
pub const NAME: &str = "reporting";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What RPCs and jobs share.
pub(crate) struct Rooms {
    pool: PgPool,
    clock: SharedClock,
    rebuilder: Rebuilder,
    metrics: Arc<Metrics>,
}

/// All migrations of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(&[
        &gongdan_pg::MIGRATOR,
        &gongdan_outbox::MIGRATOR,
        &gongdan_auth::MIGRATOR,
        &gongdan_access::MIGRATOR,
        &gongdan_audit::MIGRATOR,
        &MIGRATOR,
    ])
}

/// Serves until told to stop.
///
/// # Errors
/// When the configuration cannot work, or the listener fails.
#[must_use]
pub fn run(config: Config, listeners: Listeners, shutdown: CancellationToken) -> Running {
    Box::pin(serve(config, listeners, shutdown))
}

async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    let clock: SharedClock = Arc::new(SystemClock);
    let started = Foundation::start(&config.common, NAME, schema(), listeners, clock, shutdown).await?;
    let Some(mut base) = started else {
        return Ok(());
    };
    let metrics = Arc::new(Metrics::new());
    let sources = consumers::sources(&base.peers)?;
    let inboxes = consume(&base, &sources)?;
    let rebuilder = Rebuilder::new(&base, sources, config.rebuild.clone(), metrics.clone());
    let abandoned = rebuilder.clone();
    base.spawn(async move { abandoned.end_abandoned().await });
    let rooms = Arc::new(Rooms { pool: base.pool.clone(), clock: base.clock.clone(), rebuilder, metrics });

    let (pool, limit) = (base.pool.clone(), base.max_message_bytes());
    let root = config.common.bus.root.clone();
    let api = Api(rooms);
    base.add(ReportServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(RebuildServiceServer::new(api).max_decoding_message_size(limit))
        .add(EventServer::new(pool.clone(), NAME, root, guard()))
        .add(DeadLetterServer::new(pool, inboxes, guard()));
    base.serve().await
}

/// Starts listening; answers the inboxes, for the dead letters.
fn consume(base: &Foundation, sources: &[consumers::Source]) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let mut inboxes = Vec::new();
    for source in sources {
        inboxes.push(base.consume(source.builder.clone(), source.name, source.handler.clone())?);
    }
    inboxes.push(base.consume_principals()?);
    Ok(inboxes)
}
