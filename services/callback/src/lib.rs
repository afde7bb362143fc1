//! callback: asking the citizen afterwards. Listens to tickets, opens a task per resolved round, hands tasks to agents
//! and says what came of them. Source: C2, C3, C5, C6.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::{Config, InvalidConfig};

use crate::{consumers::tickets::Tickets, grpc::Api, store::Store, telemetry::Metrics};
use anyhow::Context as _;
use gongdan_access::{SCOPE_EVENTS, ScopeProjection, guard};
use gongdan_auth::AuthChannel;
use gongdan_callback_domain::Policy;
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_outbox::{Consumer, DeadLetterServer, EventServer, Inbox, RelayHandle};
use gongdan_pg::Schema;
use gongdan_proto::{
    callback::v1::callback_service_server::CallbackServiceServer,
    tickets::v1::customer_service_client::CustomerServiceClient,
};
use gongdan_runtime::{Foundation, Listeners, Running};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The service's name, on the bus and in paths.
pub const NAME: &str = "callback";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What RPCs, consumers and jobs share.
pub(crate) struct Rooms {
    store: Store,
    clock: SharedClock,
    policy: Arc<Policy>,
    relay: RelayHandle,
    customers: CustomerServiceClient<AuthChannel>,
    metrics: Metrics,
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
    let policy = Arc::new(config.policy().context("the configuration of callback")?);
    let clock: SharedClock = Arc::new(SystemClock);
    let started = Foundation::start(&config.common, NAME, schema(), listeners, clock, shutdown).await?;
    let Some(mut base) = started else {
        return Ok(());
    };
    let rooms = Arc::new(Rooms {
        store: Store::new(base.pool.clone()),
        clock: base.clock.clone(),
        policy,
        relay: base.relay.clone(),
        customers: CustomerServiceClient::new(base.peers.channel("tickets")?),
        metrics: Metrics::new(),
    });
    let inboxes = consume(&base, &rooms, config.sample.answered_percent)?;
    base.spawn(jobs::watch_queue::run(rooms.clone(), config.queue.count_every, base.shutdown.clone()));

    let (pool, limit) = (base.pool.clone(), base.max_message_bytes());
    let root = config.common.bus.root.clone();
    base.add(CallbackServiceServer::new(Api(rooms)).max_decoding_message_size(limit))
        .add(EventServer::new(pool.clone(), NAME, root, guard()))
        .add(DeadLetterServer::new(pool, inboxes, guard()));
    base.serve().await
}

/// Starts listening; answers the inboxes, for the dead letters.
fn consume(base: &Foundation, rooms: &Rooms, sampled_percent: u8) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let tickets =
        Tickets::new(rooms.policy.clone(), rooms.clock.clone(), rooms.metrics.clone(), sampled_percent);
    let builder = Consumer::builder("callback-tickets", "tickets")
        .events(&[consumers::tickets::KINDS, &SCOPE_EVENTS].concat());
    Ok(vec![
        base.consume(builder, "tickets", ScopeProjection::around(Arc::new(tickets)))?,
        base.consume_principals()?,
    ])
}
