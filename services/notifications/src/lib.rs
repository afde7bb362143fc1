//! notifications: tells people and other systems what happens. Listens to tickets, sla and routing; keeps an inbox with a
//! live stream, sends e-mail and webhooks. Source: N1, N2, N6, N7.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::{Config, EmailTls, InvalidConfig};
pub use jobs::deliver::{Names, SystemNames};

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;

use gongdan_access::{Access, guard};
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_notifications_domain::{Backoff, EndpointRules, Templates};
use gongdan_outbox::{Consumer, DeadLetterServer, Inbox};
use gongdan_pg::Schema;
use gongdan_proto::notifications::v1::{
    delivery_service_server::DeliveryServiceServer, inbox_service_server::InboxServiceServer,
    webhook_service_server::WebhookServiceServer,
};
use gongdan_runtime::{Foundation, Listeners, Running};
use jiff::SignedDuration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    grpc::Api,
    jobs::{
        deliver::{Deliverer, Guard},
        feed::Feed,
    },
    store::Store,
    telemetry::Metrics,
};

/// The service's name, on the bus and in paths.
pub const NAME: &str = "notifications";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What RPCs, consumers and jobs share.
pub(crate) struct Rooms {
    store: Store,
    clock: SharedClock,
    /// Who may be told of sensitive tickets.
    access: Access,
    templates: Templates,
    metrics: Metrics,
    feed: Arc<Feed>,
    /// Wakes the job that sends.
    sender: Notify,
    backoff: Backoff,
    /// Whether staff are written to.
    emails: bool,
    /// What endpoints of webhooks may be.
    endpoints: EndpointRules,
    /// Where their names may lead.
    guard: Guard,
    old_secret_valid: SignedDuration,
    heartbeat: Duration,
    shutdown: CancellationToken,
}

/// All migrations of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(&[
        &gongdan_pg::MIGRATOR,
        &gongdan_outbox::MIGRATOR,
        &gongdan_auth::MIGRATOR,
        &gongdan_audit::MIGRATOR,
        &MIGRATOR,
    ])
}

/// Serves until told to stop.
///
/// # Errors
/// When the configuration cannot work, a template does not compile, or a listener fails.
#[must_use]
pub fn run(config: Config, listeners: Listeners, shutdown: CancellationToken) -> Running {
    run_with(config, listeners, shutdown, Arc::new(SystemNames))
}

/// As [`run`], where the names of webhook endpoints are found by `names`.
///
/// # Errors
/// As [`run`].
#[must_use]
pub fn run_with(
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
    names: Arc<dyn Names>,
) -> Running {
    Box::pin(serve(config, listeners, shutdown, names))
}

async fn serve(
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
    names: Arc<dyn Names>,
) -> anyhow::Result<()> {
    config.check().context("the configuration of notifications")?;
    let templates = Templates::compile(config.zone().context("the configuration of notifications")?)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let started = Foundation::start(&config.common, NAME, schema(), listeners, clock, shutdown).await?;
    let Some(mut base) = started else {
        return Ok(());
    };
    let rooms = Arc::new(rooms(&base, &config, templates, names));
    let sender = Deliverer::new(rooms.clone(), &config)?;
    let inboxes = consume(&base, &rooms)?;
    base.spawn(sender.run(base.shutdown.clone()));
    base.spawn(rooms.feed.clone().run(base.shutdown.clone()));
    base.spawn(jobs::retention::run(rooms.clone(), config.retention, base.shutdown.clone()));

    let (pool, limit) = (base.pool.clone(), base.max_message_bytes());
    let api = Api(rooms);
    base.add(InboxServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(WebhookServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(DeliveryServiceServer::new(api).max_decoding_message_size(limit))
        .add(DeadLetterServer::new(pool, inboxes, guard()));
    base.serve().await
}

fn rooms(base: &Foundation, config: &Config, templates: Templates, names: Arc<dyn Names>) -> Rooms {
    let endpoints = config.webhooks.rules();
    let store = Store::new(base.pool.clone());
    let metrics = Metrics::new();
    Rooms {
        feed: Arc::new(Feed::new(store.clone(), config.inbox.poll, metrics.clone())),
        store,
        clock: base.clock.clone(),
        access: base.access.clone(),
        templates,
        metrics,
        sender: Notify::new(),
        backoff: config.backoff(),
        emails: config.email.enabled,
        guard: Guard::new(names, endpoints.reach.clone()),
        endpoints,
        old_secret_valid: config.webhooks.old_secret_valid,
        heartbeat: config.inbox.heartbeat,
        shutdown: base.shutdown.clone(),
    }
}

/// Starts listening; answers the inboxes, for the dead letters.
fn consume(base: &Foundation, rooms: &Arc<Rooms>) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let kinds = [consumers::tickets::KINDS, &[events::ANNOUNCED]].concat();
    let tickets = Consumer::builder("notifications-tickets", "tickets").events(&kinds);
    let sla = Consumer::builder("notifications-sla", "sla").events(consumers::sla::KINDS);
    let units =
        Consumer::builder("notifications-units", "routing").events(consumers::units::KINDS).latest_only(true);
    Ok(vec![
        base.consume(tickets, "tickets", Arc::new(consumers::tickets::Tickets::new(rooms.clone())))?,
        base.consume(sla, "sla", Arc::new(consumers::sla::Sla::new(rooms.clone())))?,
        base.consume(units, "routing", Arc::new(consumers::units::Units))?,
        base.consume_principals()?,
    ])
}
