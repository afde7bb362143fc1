//! The sla service: working calendars, policies, and the clocks that tickets run against.

mod config;
mod consumers;
mod error;
mod events;
mod grpc;
mod jobs;
mod store;
mod telemetry;

pub use config::Config;

use crate::{
    config::SchedulesConfig,
    consumers::TicketClocksHandler,
    grpc::{Api, Rooms},
    jobs::schedules::{Schedules, Tickets},
    jobs::{Alarm, CatchUp, FireTimers, PerformRuns, RunSchedules, WatchYears, Years},
    store::{TermsCache, put_shipped},
    telemetry::Metrics,
};

use gongdan_access::{ScopeProjection, guard};
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_errors::Code;
use gongdan_outbox::{Consumer, DeadLetterServer, EventServer, Inbox};
use gongdan_pg::Schema;
use gongdan_proto::sla::v1::{
    calendar_service_server::CalendarServiceServer, clock_service_server::ClockServiceServer,
    policy_service_server::PolicyServiceServer, schedule_service_server::ScheduleServiceServer,
};
use gongdan_runtime::{Foundation, Listeners, Running};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// The service's name, on the bus and in paths.
pub const NAME: &str = "sla";
/// `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Where ticket events come from, and the consumer that applies them.
const TICKETS: &str = "tickets";
const TICKETS_CONSUMER: &str = "sla-tickets";
/// Between two tries to put what ships with the product.
const TRY_AGAIN: Duration = Duration::from_millis(500);

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

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
    run_by(Arc::new(SystemClock), config, listeners, shutdown)
}

/// As [`run`], with deadlines going by another clock than the system's. Tokens are judged by the system's.
///
/// # Errors
/// When the configuration cannot work, or the listener fails.
#[must_use]
pub fn run_by(
    clock: SharedClock,
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
) -> Running {
    Box::pin(serve(clock, config, listeners, shutdown))
}

async fn serve(
    clock: SharedClock,
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    config.schedules.check()?;
    let system: SharedClock = Arc::new(SystemClock);
    let started = Foundation::start(&config.common, NAME, schema(), listeners, system, shutdown).await?;
    let Some(mut base) = started else {
        return Ok(());
    };
    ship(&base.pool, &base.clock, &base.shutdown, &config.policies.default_set).await?;

    let (metrics, terms, alarm) = (Metrics::new(), TermsCache::default(), Alarm::default());
    let handler = TicketClocksHandler::new(
        clock.clone(),
        terms.clone(),
        config.policies.clone(),
        config.timers.clone(),
        metrics.clone(),
        alarm.clone(),
    );
    let inboxes = consume(&base, handler)?;
    let timers = FireTimers {
        pool: base.pool.clone(),
        clock: clock.clone(),
        config: config.timers,
        metrics: metrics.clone(),
        relay: base.relay.clone(),
        alarm,
        catch_up: CatchUp::new(base.bus.clone(), TICKETS, TICKETS_CONSUMER),
    };
    base.spawn(timers.run(base.shutdown.clone()));
    base.spawn(jobs::count_running(base.pool.clone(), metrics.clone(), base.shutdown.clone()));
    let years = Years::default();
    let watch = WatchYears {
        pool: base.pool.clone(),
        clock: clock.clone(),
        config: config.calendars,
        metrics: metrics.clone(),
        years: years.clone(),
    };
    base.spawn(watch.run(base.shutdown.clone()));

    let schedules = schedule(&base, &clock, &terms, config.schedules)?;

    let (pool, limit, root) = (base.pool.clone(), base.max_message_bytes(), config.common.bus.root.clone());
    let rooms =
        Rooms { pool: pool.clone(), clock, terms, policies: config.policies, metrics, years, schedules };
    let api = Api(Arc::new(rooms));
    base.add(CalendarServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(PolicyServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(ScheduleServiceServer::new(api.clone()).max_decoding_message_size(limit))
        .add(ClockServiceServer::new(api).max_decoding_message_size(limit))
        .add(EventServer::new(pool.clone(), NAME, root, guard()))
        .add(DeadLetterServer::new(pool, inboxes, guard()));
    base.serve().await
}

/// Puts what ships with the product; tries again while the database is away or another replica does the same.
///
/// # Errors
/// When no set has the key that counts by default: every ticket that names none would be a dead letter.
async fn ship(
    pool: &PgPool,
    clock: &SharedClock,
    shutdown: &CancellationToken,
    default_set: &str,
) -> anyhow::Result<()> {
    loop {
        match put_shipped(pool, clock.now(), default_set).await {
            Ok(true) => return Ok(()),
            Ok(false) => anyhow::bail!("policies.default_set: no policy set {default_set} is there"),
            Err(error) if matches!(error.code(), Code::Unavailable | Code::Aborted) => {
                tracing::warn!(%error, "the built-in calendar and policies cannot be put yet");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(TRY_AGAIN) => {}
        }
    }
}

/// Starts what runs recurring work.
fn schedule(
    base: &Foundation,
    clock: &SharedClock,
    terms: &TermsCache,
    config: SchedulesConfig,
) -> anyhow::Result<Schedules> {
    let schedules = Schedules {
        config,
        tickets: Tickets::new(base.peers.channel(TICKETS)?),
        metrics: jobs::schedules::Metrics::new(),
        relay: base.relay.clone(),
        due: Alarm::default(),
        waiting: Alarm::default(),
    };
    let (pool, clock) = (base.pool.clone(), clock.clone());
    let due = RunSchedules {
        pool: pool.clone(),
        clock: clock.clone(),
        terms: terms.clone(),
        schedules: schedules.clone(),
    };
    base.spawn(due.run(base.shutdown.clone()));
    let keep = schedules.config.keep_runs;
    base.spawn(jobs::forget_runs(pool.clone(), clock.clone(), keep, base.shutdown.clone()));
    let waiting = PerformRuns { pool, clock, schedules: schedules.clone() };
    base.spawn(waiting.run(base.shutdown.clone()));
    Ok(schedules)
}

/// Starts listening; answers the inboxes, for the dead letters.
fn consume(base: &Foundation, handler: TicketClocksHandler) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let builder = Consumer::builder(TICKETS_CONSUMER, TICKETS);
    Ok(vec![
        base.consume(builder, TICKETS, ScopeProjection::around(Arc::new(handler)))?,
        base.consume_principals()?,
    ])
}
