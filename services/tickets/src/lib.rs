//! tickets: the one authority over what a ticket is and who holds it. Source: T4, T5, T8, T9, T13, T19 to T22, T26, T33.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::Config;
use config::Quarantine;
pub use store::{
    keys::{NewKeys, add_key_version, create_key_file},
    text_index::FoundBy,
};

use crate::{
    consumers::{callback, organisation, routing, sla},
    grpc::Api,
    jobs::{
        climb_directives,
        close_silent::CloseSilent,
        fold_queues, forget_decisions, index_texts,
        keep_keys::KeepKeys,
        quarantine, remind,
        retain::{self, Ask, Pass},
        rotate_keys, sweep_blobs,
    },
    store::{
        catalogue::Catalogue, channel_standards::ChannelStandards, customers::Customers, files::Files,
        forms::Forms, keys::Keys, numbers::Numbers, priorities::Priorities, seal::Sealer,
        ticket_types::TicketTypes, tickets::Tickets, units::Units, writer::AfterCommit,
    },
    telemetry::Metrics,
};
use anyhow::Context as _;
use gongdan_access::{Access, guard};
use gongdan_auth::AuthChannel;
use gongdan_clock::{SharedClock, SystemClock, new_id};
use gongdan_outbox::{Consumer, DeadLetterServer, EventServer, Handler, Inbox, RelayHandle};
use gongdan_pg::Schema;
use gongdan_proto::sla::v1::clock_service_client::ClockServiceClient;
use gongdan_proto::tickets::v1::{
    attachment_service_server::AttachmentServiceServer, bulk_service_server::BulkServiceServer,
    call_service_server::CallServiceServer, catalogue_service_server::CatalogueServiceServer,
    channel_service_server::ChannelServiceServer, circulation_service_server::CirculationServiceServer,
    customer_service_server::CustomerServiceServer, draft_service_server::DraftServiceServer,
    form_service_server::FormServiceServer, handling_service_server::HandlingServiceServer,
    link_service_server::LinkServiceServer, note_service_server::NoteServiceServer,
    priority_service_server::PriorityServiceServer, privacy_service_server::PrivacyServiceServer,
    quarantine_service_server::QuarantineServiceServer, queue_service_server::QueueServiceServer,
    review_service_server::ReviewServiceServer, search_service_server::SearchServiceServer,
    supervision_service_server::SupervisionServiceServer, ticket_service_server::TicketServiceServer,
    ticket_type_service_server::TicketTypeServiceServer, timeline_service_server::TimelineServiceServer,
    visit_service_server::VisitServiceServer, workflow_service_server::WorkflowServiceServer,
};
use gongdan_runtime::{Foundation, Listeners, Running};
use gongdan_tickets_domain::Rules;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The service's name, on the bus and in paths.
pub const NAME: &str = "tickets";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// A message that carries a piece of a file: 1 MiB of it.
const PIECE: usize = 1024 * 1024 + 1024;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What RPCs, consumers and jobs share.
pub(crate) struct Rooms {
    pool: PgPool,
    clock: SharedClock,
    config: Config,
    rules: Rules,
    tickets: Tickets,
    numbers: Numbers,
    customers: Customers,
    catalogue: Catalogue,
    priorities: Priorities,
    forms: Forms,
    ticket_types: TicketTypes,
    channel_standards: ChannelStandards,
    quarantine: Quarantine,
    units: Units,
    /// What policies say about others than the caller.
    access: Access,
    /// Says what deadlines would be.
    sla: ClockServiceClient<AuthChannel>,
    files: Files,
    /// Told when something in the object store is not wanted any more.
    sweep: Notify,
    relay: RelayHandle,
    /// Told after each commit of this process, for watchers.
    committed: Arc<Notify>,
    /// Asks retention for a pass now.
    retain: mpsc::Sender<Ask>,
    /// What retention's last pass here came to.
    retained: watch::Sender<Pass>,
    /// Told when a rotation of keys has begun here.
    rotate: Notify,
    /// Told when a rotation of keys has ended here, for watchers.
    rotated: Notify,
    /// Exports that may run at once.
    exports: Arc<Semaphore>,
    /// Looks for the next ticket of a pool that may run at once.
    claims: Semaphore,
    metrics: Metrics,
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

/// Serves until `shutdown`.
///
/// # Errors
/// When the configuration cannot work, or the listener fails.
#[must_use]
pub fn run(config: Config, listeners: Listeners, shutdown: CancellationToken) -> Running {
    run_at(config, listeners, Arc::new(SystemClock), shutdown)
}

/// As [`run`], with the time from elsewhere.
///
/// # Errors
/// As [`run`].
#[must_use]
pub fn run_at(
    config: Config,
    listeners: Listeners,
    clock: SharedClock,
    shutdown: CancellationToken,
) -> Running {
    Box::pin(serve(config, listeners, clock, shutdown))
}

async fn serve(
    config: Config,
    listeners: Listeners,
    clock: SharedClock,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let keys = Keys::load(&config.contacts)?;
    let sealer = Arc::new(Sealer::new(&keys)?);
    let Some(mut base) =
        Foundation::start(&config.common, NAME, schema(), listeners, clock, shutdown).await?
    else {
        return Ok(());
    };
    let process = new_id(base.clock.now());
    let mut keeper = KeepKeys::new(config.contacts.clone(), base.pool.clone(), sealer.clone(), process, keys);
    if !keeper.agreed(&base.shutdown).await {
        return Ok(());
    }
    let (retain, asked) = mpsc::channel(16);
    let rooms = Arc::new(Rooms::new(&base, config, sealer, retain)?);
    let inboxes = consume(&base, &rooms)?;
    base.spawn(keeper.run(base.shutdown.clone()));
    base.spawn(rotate_keys::run(rooms.clone()));
    base.spawn(retain::run(rooms.clone(), asked));
    base.spawn(forget_decisions::run(rooms.clone()));
    base.spawn(climb_directives::run(rooms.clone()));
    base.spawn(remind::run(rooms.clone()));
    base.spawn(quarantine::run(rooms.clone()));
    base.spawn(fold_queues::run(rooms.clone()));
    base.spawn(index_texts::run(rooms.clone()));
    base.spawn(jobs::resume_suspended::run(rooms.clone()));
    base.spawn(sweep_blobs::run(rooms.clone()));
    base.spawn(CloseSilent::new(rooms.clone(), base.peers.channel("sla")?).run());
    let (api, limit) = (Api(rooms), base.max_message_bytes());
    base.add(HandlingServiceServer::new(api.clone()).max_decoding_message_size(limit));
    base.add(QueueServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(DraftServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(BulkServiceServer::new(api.clone()).max_decoding_message_size(limit));
    let events = EventServer::new(base.pool.clone(), NAME, base.bus.root(), guard());
    let dead_letters = DeadLetterServer::new(base.pool.clone(), inboxes, guard());
    base.add(TicketServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(CustomerServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(CatalogueServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(PriorityServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(SupervisionServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(CirculationServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(TimelineServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(FormServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(TicketTypeServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(ChannelServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(QuarantineServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(LinkServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(SearchServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(ReviewServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(WorkflowServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(VisitServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(CallServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(NoteServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(AttachmentServiceServer::new(api.clone()).max_decoding_message_size(limit.max(PIECE)))
        .add(PrivacyServiceServer::new(api).max_decoding_message_size(limit))
        .add(events)
        .add(dead_letters);
    base.serve().await
}

impl Rooms {
    fn new(
        base: &Foundation,
        config: Config,
        sealer: Arc<Sealer>,
        retain: mpsc::Sender<Ask>,
    ) -> anyhow::Result<Self> {
        let (pool, clock) = (base.pool.clone(), base.clock.clone());
        let (cell, zone) = config.tickets.numbering().context("the [tickets] section")?;
        let rules = config.rules().context("the [tickets] and [supervision] sections")?;
        let quarantine = config.quarantine.ready().context("the [quarantine] section")?;
        let metrics = Metrics::new();
        let committed = Arc::new(Notify::new());
        let (relay, watchers) = (base.relay.clone(), committed.clone());
        let after_commit: AfterCommit = Arc::new(move || {
            relay.wake();
            watchers.notify_waiters();
        });
        Ok(Self {
            tickets: Tickets::new(
                pool.clone(),
                sealer.clone(),
                clock.clone(),
                &config.writer,
                metrics.clone(),
                &after_commit,
            ),
            numbers: Numbers::new(pool.clone(), cell, zone),
            customers: Customers::new(pool.clone(), sealer, clock.clone()),
            catalogue: Catalogue::new(pool.clone(), clock.clone()),
            priorities: Priorities::new(pool.clone(), clock.clone()),
            forms: Forms::new(pool.clone(), clock.clone()),
            ticket_types: TicketTypes::new(pool.clone(), clock.clone()),
            channel_standards: ChannelStandards::new(pool.clone(), clock.clone()),
            quarantine,
            units: Units::new(pool.clone()),
            access: base.access.clone(),
            sla: ClockServiceClient::new(base.peers.channel("sla")?),
            files: Files::new(&config.attachments)?,
            sweep: Notify::new(),
            relay: base.relay.clone(),
            shutdown: base.shutdown.clone(),
            exports: Arc::new(Semaphore::new(config.queues.exports)),
            claims: Semaphore::new(store::claims::AT_ONCE),
            pool,
            clock,
            config,
            rules,
            committed,
            retain,
            retained: watch::Sender::new(Pass::default()),
            rotate: Notify::new(),
            rotated: Notify::new(),
            metrics,
        })
    }

    /// A consumer's transaction has committed.
    pub(crate) fn wake(&self) {
        self.relay.wake();
        self.committed.notify_waiters();
    }
}

/// Starts the consumers; answers their inboxes.
fn consume(base: &Foundation, rooms: &Arc<Rooms>) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let organisation = organisation::Organisation::new(base.authenticator.projection());
    let start = |name, source, events: &[&str], latest_only, handler: Arc<dyn Handler>| {
        base.consume(Consumer::builder(name, source).events(events).latest_only(latest_only), source, handler)
    };
    Ok(vec![
        start(organisation::NAME, "routing", &organisation::EVENTS, true, Arc::new(organisation))?,
        start(
            routing::NAME,
            "routing",
            &routing::EVENTS,
            false,
            Arc::new(routing::Routing::new(rooms.clone())),
        )?,
        start(
            callback::NAME,
            "callback",
            &callback::EVENTS,
            false,
            Arc::new(callback::Callback::new(rooms.clone())),
        )?,
        start(sla::NAME, "sla", &sla::EVENTS, true, Arc::new(sla::Sla))?,
    ])
}
