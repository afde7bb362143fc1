//! routing: which unit gets a ticket, and why. The authority on units, principals, areas and rules; decides for each
//! version of a ticket that waits, and sends the decision to tickets until it is answered; gives the tickets of somebody who
//! leaves to others. Source: R1 to R8, R10, R11.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::{
    BootstrapConfig, Config, DecisionsConfig, DutyConfig, ImportsConfig, NotPositive, OrganisationConfig,
    ReassignmentsConfig, SuggestionsConfig,
};

use crate::{
    consumers::{forget::Forget, learn::Learn, tickets::Tickets},
    grpc::Api,
    jobs::{offered::Offered, train::Trainer},
    store::{DirectoryCache, Imported, Store, SuggesterCache},
    telemetry::Metrics,
};
use anyhow::Context as _;
use gongdan_access::{Access, SCOPE_EVENTS, ScopeProjection, guard};
use gongdan_auth::Authenticator;
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_outbox::{Consumer, DeadLetterServer, EventServer, Inbox, OwnerLog, RelayHandle};
use gongdan_pg::Schema;
use gongdan_proto::routing::v1::{
    decision_service_server::DecisionServiceServer, duty_service_server::DutyServiceServer,
    organisation_service_server::OrganisationServiceServer,
    reassignment_service_server::ReassignmentServiceServer,
    responsibility_service_server::ResponsibilityServiceServer, rule_service_server::RuleServiceServer,
    rule_set_service_server::RuleSetServiceServer, suggest_service_server::SuggestServiceServer,
};
use gongdan_runtime::{Foundation, Listeners, Running};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The service's name, on the bus and in paths.
pub const NAME: &str = "routing";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What RPCs and jobs share.
pub(crate) struct Rooms {
    pool: PgPool,
    store: Store,
    clock: SharedClock,
    relay: RelayHandle,
    authenticator: Authenticator,
    access: Access,
    default_issuer: String,
    capacity: u32,
    imports: ImportsConfig,
    metrics: Metrics,
    /// Tickets' event log.
    tickets_log: Arc<dyn OwnerLog>,
    /// One at a time in each process: the way of tickets comes first.
    simulations: Arc<Semaphore>,
    /// A few at a time: each keeps all it says in memory.
    importing: Semaphore,
    shutdown: CancellationToken,
    /// What is planned of units, staff or areas changed.
    planned: Notify,
    directory: Arc<DirectoryCache>,
    suggester: SuggesterCache,
    trainer: Arc<Trainer>,
    reassignments: ReassignmentsConfig,
    /// A reassignment began or was stopped here: it is looked after at once.
    reassigning: Notify,
    /// Which items can be chosen.
    offered: Offered,
}

impl Rooms {
    fn new(base: &Foundation, config: &Config) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let (waited, stop) = (tasks.clone(), base.shutdown.clone());
        base.spawn(async move {
            stop.cancelled().await;
            waited.close();
            waited.wait().await;
        });
        let tickets_log = base.peers.owner_log("tickets")?;
        let trainer = Trainer::new(tickets_log.clone(), config.suggestions, base.shutdown.clone(), tasks);
        Ok(Self {
            pool: base.pool.clone(),
            store: Store::new(base.pool.clone()),
            clock: base.clock.clone(),
            relay: base.relay.clone(),
            authenticator: base.authenticator.clone(),
            access: base.access.clone(),
            default_issuer: config.default_issuer().to_owned(),
            capacity: config.duty.capacity,
            imports: config.imports,
            metrics: Metrics::new(),
            tickets_log,
            simulations: Arc::new(Semaphore::new(1)),
            importing: Semaphore::new(config.imports.at_once.into()),
            shutdown: base.shutdown.clone(),
            planned: Notify::new(),
            directory: Arc::new(DirectoryCache::new(base.access.clone())),
            suggester: SuggesterCache::default(),
            trainer: Arc::new(trainer),
            reassignments: config.reassignments,
            reassigning: Notify::new(),
            offered: Offered::new(base.peers.channel("tickets")?),
        })
    }

    /// After the commit of an import: callers are known at once, and everybody is told.
    fn imported(&self, imported: &Imported) {
        self.authenticator.changed(&imported.principals);
        self.metrics.took_effect(&imported.begun);
        if imported.events > 0 {
            self.relay.wake();
        }
        if imported.planned {
            self.planned.notify_one();
        }
    }
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

/// Runs the service until `shutdown`.
///
/// # Errors
/// When the configuration cannot work, principals of the bootstrap file are refused, or the listener fails.
#[must_use]
pub fn run(config: Config, listeners: Listeners, shutdown: CancellationToken) -> Running {
    Box::pin(serve(config, listeners, shutdown))
}

async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    config
        .check()
        .context("the sections [imports], [decisions], [suggestions], [duty] and [reassignments]")?;
    let clock: SharedClock = Arc::new(SystemClock);
    let Some(mut base) =
        Foundation::start(&config.common, NAME, schema(), listeners, clock, shutdown).await?
    else {
        return Ok(());
    };
    let rooms = Arc::new(Rooms::new(&base, &config)?);
    jobs::bootstrap::bootstrap(&rooms, &config, &base.shutdown).await?;
    let deciding = deciding(&rooms, config.decisions);
    base.spawn(jobs::send_again::run(rooms.clone(), config.decisions, deciding, base.shutdown.clone()));
    base.spawn(jobs::reassign::run(rooms.clone(), config.decisions, base.shutdown.clone()));
    base.spawn(jobs::fill_holdings::run(rooms.clone(), base.shutdown.clone()));
    base.spawn(jobs::take_effect::run(rooms.clone(), base.shutdown.clone()));
    base.spawn(jobs::learn::run(rooms.clone(), config.suggestions, base.shutdown.clone()));
    let every = config.suggestions.catalogue_every;
    base.spawn(jobs::catalogue::run(rooms.clone(), every, base.shutdown.clone()));
    base.spawn(jobs::train_at_night::run(rooms.clone(), config.suggestions, base.shutdown.clone()));

    let inboxes = consume(&base, &rooms, config.decisions)?;

    let (pool, limit, root) = (base.pool.clone(), base.max_message_bytes(), config.common.bus.root.clone());
    let api = Api(rooms);
    base.add(OrganisationServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(RuleServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(RuleSetServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(DutyServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(ReassignmentServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(ResponsibilityServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(DecisionServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(SuggestServiceServer::new(api).max_decoding_message_size(limit))
        .add(EventServer::new(pool.clone(), NAME, root, guard()))
        .add(DeadLetterServer::new(pool, inboxes, guard()));
    base.serve().await
}

/// What is made of tickets' events.
fn deciding(rooms: &Rooms, resend: DecisionsConfig) -> Tickets {
    Tickets::new(
        rooms.directory.clone(),
        rooms.tickets_log.clone(),
        rooms.clock.clone(),
        resend,
        rooms.capacity,
        rooms.metrics.clone(),
    )
}

/// Starts listening; answers the inboxes, for the dead letters. Principals are not listened to: this service writes them.
fn consume(base: &Foundation, rooms: &Rooms, resend: DecisionsConfig) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let tickets = deciding(rooms, resend);
    let builder = Consumer::builder(consumers::NAME, "tickets")
        .events(&[&Tickets::kinds()[..], &SCOPE_EVENTS].concat());
    // What is learnt from, `resolved` and `answered`, is among these.
    let learn = Learn { inner: Arc::new(tickets), clock: base.clock.clone() };
    let all = Forget(ScopeProjection::around(Arc::new(learn)));
    Ok(vec![base.consume(builder, "tickets", Arc::new(all))?])
}
