//! The inbox of one consumer: what it has applied, what waits for an earlier version, what could not be applied.
//! Source: DESIGN rules 3 and 4.
//!
//! Everything that brings events in goes through [`Inbox::ingest`]: the bus, repairs from the owner's log, replays,
//! dead letters that are let go. One transaction locks the aggregates it touches, in the order of their ids, so that
//! replicas that share a consumer apply each version once.

mod gaps;
mod held;
mod isolate;
mod metrics;
mod plan;
mod settle;
mod spans;
mod store;

pub(crate) use gaps::GapRepair;
pub(crate) use spans::is_sampled;

use crate::{ApplyError, Event, Handler, RelayHandle, append};
use gongdan_bus::Bus;
use isolate::Failure;
use metrics::Metrics;
use plan::{Mode, Plan};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};
use store::Locked;
use tokio::sync::{Mutex, Notify};
use tracing::Instrument as _;
use uuid::Uuid;

/// One consumer's inbox.
pub struct Inbox {
    pub(crate) name: String,
    pub(crate) service: String,
    pool: PgPool,
    /// What events are applied on, one batch after the other.
    connection: Mutex<Option<PgConnection>>,
    bus: Bus,
    /// The handler may append events of its own.
    relay: RelayHandle,
    handler: Arc<dyn Handler>,
    mode: Mode,
    /// Types that reach the handler; all when none.
    kinds: Option<HashSet<String>>,
    max_attempts: i32,
    backoff: Duration,
    metrics: Metrics,
    /// Something is to be tried again or announced.
    pub(crate) upkeep: Notify,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How an inbox behaves.
#[derive(Debug, Clone)]
pub(crate) struct InboxConfig {
    pub latest_only: bool,
    pub kinds: Option<HashSet<String>>,
    pub max_attempts: i32,
    pub backoff: Duration,
}

impl Inbox {
    pub(crate) fn new(
        name: String,
        service: String,
        pool: PgPool,
        bus: Bus,
        relay: RelayHandle,
        handler: Arc<dyn Handler>,
        config: InboxConfig,
    ) -> Self {
        let metrics = Metrics::new(&name);
        Self {
            mode: if config.latest_only { Mode::LatestOnly } else { Mode::EveryVersion },
            kinds: config.kinds,
            max_attempts: config.max_attempts.max(1),
            backoff: config.backoff,
            upkeep: Notify::new(),
            name,
            service,
            pool,
            connection: Mutex::default(),
            bus,
            relay,
            handler,
            metrics,
        }
    }

    /// The consumer's name, for example `sla-tickets`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database it keeps its state in.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Takes events in, whatever their order and however often they came, and commits what became of them: applied,
    /// dropped, parked or held back. Gives how many were applied.
    ///
    /// # Errors
    /// Only what passes by waiting: nothing was changed, offer the same again.
    pub async fn ingest(&self, events: Vec<Event>) -> Result<usize, anyhow::Error> {
        self.take(events, &[]).await
    }

    /// Like [`Inbox::ingest`]; what is parked of the aggregates in `also` is looked at too.
    async fn take(&self, events: Vec<Event>, also: &[Uuid]) -> Result<usize, anyhow::Error> {
        if events.is_empty() && also.is_empty() {
            return Ok(0);
        }
        let attempts = async {
            match Box::pin(self.attempt(&events, also, false)).await {
                // Again, this time to find out which: the first attempt left nothing behind.
                Err(ApplyError::Poison { .. } | ApplyError::Failed(_)) => {
                    Box::pin(self.attempt(&events, also, true)).await
                }
                done => done,
            }
        };
        let (done, appended) = append::watched(attempts).await;
        let (plan, failures) = match done {
            Ok(done) => done,
            Err(ApplyError::Transient(error)) => return Err(error),
            Err(other) => return Err(anyhow::anyhow!("{other}")),
        };
        if appended {
            self.relay.wake();
        }
        let failed: HashSet<Uuid> = failures.iter().map(|failure| failure.aggregate_id).collect();
        let applied: Vec<Event> = self.wanted(plan.apply.iter().map(|(event, _)| event).filter(|event| {
            !failed.contains(&event.aggregate_id)
                || failures.iter().any(|f| f.aggregate_id == event.aggregate_id && event.version < f.version)
        }));
        self.metrics.record(&plan, &failures);
        if !applied.is_empty() {
            self.handler.committed(&applied).await;
        }
        if !failures.is_empty() {
            self.upkeep.notify_one();
        }
        Ok(plan.apply.len() - failures.iter().map(|failure| failure.behind + 1).sum::<usize>())
    }

    /// One transaction. With `isolate`, what fails is found and held back; without, it fails as a whole.
    async fn attempt(
        &self,
        events: &[Event],
        also: &[Uuid],
        isolate: bool,
    ) -> Result<(Plan, Vec<Failure>), ApplyError> {
        // A connection of its own: a pool tries one each time it takes it back. One that failed is not kept. Handlers find
        // rows by their keys on it.
        let mut own = self.connection.lock().await;
        let mut connection = match own.take() {
            Some(connection) => connection,
            None => {
                let mut connection = gongdan_pg::connect_alone(&self.pool).await?;
                connection.execute(sqlx::raw_sql(gongdan_pg::BY_KEY)).await?;
                connection
            }
        };
        let mut transaction = connection.begin().await?;
        let mut new = self.mode.begins(events);
        let mut old: BTreeSet<Uuid> =
            events.iter().map(|e| e.aggregate_id).chain(also.iter().copied()).collect();
        old.retain(|id| !new.contains_key(id));
        let (slots, made) = loop {
            match store::lock(&mut transaction, &self.name, &old, &new).await? {
                Locked::All(slots, made) => break (slots, made),
                Locked::Absent(absent) => {
                    transaction.rollback().await?;
                    old.retain(|id| !absent.contains(id));
                    new.extend(absent.into_iter().map(|id| (id, 0)));
                    transaction = connection.begin().await?;
                }
            }
        };
        let plan = Plan::make(slots, events, self.mode);
        let wanted = self.wanted(plan.apply.iter().map(|(event, _)| event));
        let mut failures = Vec::new();
        if !wanted.is_empty() {
            let (span, _each) = spans::process(&self.name, &wanted);
            if isolate {
                failures = self.isolate(&mut transaction, &plan.apply).instrument(span).await?;
            } else {
                isolate::guarded(self.handler.as_ref(), &mut transaction, &wanted).instrument(span).await?;
            }
        }
        self.settle(&mut transaction, &plan, &failures, &made).await?;
        transaction.commit().await?;
        *own = Some(connection);
        Ok((plan, failures))
    }

    fn wants(&self, event: &Event) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind))
    }

    fn wanted<'a>(&self, events: impl Iterator<Item = &'a Event>) -> Vec<Event> {
        events.filter(|event| self.wants(event)).cloned().collect()
    }

    /// Forgets everything this consumer has applied, parked and set aside, in the transaction in which its tables are
    /// emptied for a rebuild. [`crate::replay`] then brings everything in again.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn forget(&self, connection: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
        store::forget(connection, &self.name).await
    }
}
