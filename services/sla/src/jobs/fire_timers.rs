//! Fires warnings and breaches: sleeps until the next is due, fires everything that has come in batches, oldest first,
//! state and events in one transaction. Any number of replicas share the work by SKIP LOCKED. Source: S5, S11.

use super::{Alarm, CatchUp};
use crate::{config::TimersConfig, events, store::clocks, telemetry::Metrics};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_outbox::{RelayHandle, append};
use gongdan_sla_domain::clock::{Change, Clock, Fact};
use jiff::Timestamp;
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// After trouble with the database, and while another worker holds what is due.
const PAUSE: Duration = Duration::from_millis(200);

/// The job.
pub struct FireTimers {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// How to fire.
    pub config: TimersConfig,
    /// What is counted.
    pub metrics: Metrics,
    /// Publishes what was fired.
    pub relay: RelayHandle,
    /// Rings when an earlier timer is set.
    pub alarm: Alarm,
    /// Whether ticket events are applied: timers that are behind do not fire for tickets whose end is on its way.
    pub catch_up: CatchUp,
}

impl FireTimers {
    /// Fires until shut down.
    pub async fn run(self, shutdown: CancellationToken) {
        let settle_from = self.clock.now() + self.config.settle_after;
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = self.wait_for_events() => {}
        }
        loop {
            self.alarm.looking();
            let wake = async {
                match self.round(settle_from).await {
                    Ok(next) if next > self.clock.now() => {
                        self.alarm.sleeping_until(next);
                        tokio::select! {
                            () = self.alarm.rings() => {}
                            () = self.clock.sleep_until(next) => {}
                        }
                    }
                    // what is due is held by another worker or a consumer, or its ticket's events are on their way
                    Ok(_) => tokio::time::sleep(PAUSE).await,
                    Err(error) => {
                        tracing::warn!(%error, "timers could not be fired; trying again");
                        tokio::time::sleep(PAUSE * 5).await;
                    }
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = wake => {}
            }
        }
    }

    /// After downtime: timers that are behind wait for the ticket events that piled up, so that none fires for a ticket
    /// whose end is on its way.
    async fn wait_for_events(&self) {
        let wait = async {
            while self.is_behind().await && self.catch_up.is_caught_up().await != Some(true) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let longest = Duration::try_from(self.config.catch_up).unwrap_or_default();
        if tokio::time::timeout(longest, wait).await.is_err() {
            tracing::warn!("ticket events are still behind; timers fire without them");
        }
    }

    async fn is_behind(&self) -> bool {
        match clocks::next_fire_at(&self.pool).await {
            Ok((timer, _)) => {
                timer.is_some_and(|at| self.clock.now().duration_since(at) > self.config.late_after)
            }
            // the loop says what is wrong
            Err(_) => false,
        }
    }

    /// Fires what has come; answers when to look again.
    async fn round(&self, settle_from: Timestamp) -> Result<Timestamp, Error> {
        let (timer, settle) = self.next(settle_from).await?;
        let now = self.clock.now();
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        while is_due(timer) && self.fire_batch(false).await? >= usize::from(self.config.batch) {}
        if let Some(settle) = settle.filter(|at| *at <= now) {
            let waited = now.duration_since(settle) > self.config.catch_up;
            if waited || self.catch_up.is_caught_up().await == Some(true) {
                while self.fire_batch(true).await? >= usize::from(self.config.batch) {}
            }
        }
        let (timer, settle) =
            if is_due(timer) || is_due(settle) { self.next(settle_from).await? } else { (timer, settle) };
        let look = self.clock.now() + self.config.look_every;
        Ok([timer, settle].into_iter().flatten().fold(look, Timestamp::min))
    }

    /// When the next timer fires, and the next import is to be settled: after a start, imports get their time anew.
    async fn next(&self, settle_from: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>), Error> {
        let (timer, settle) = clocks::next_fire_at(&self.pool).await.map_err(gongdan_pg::error)?;
        Ok((timer, settle.map(|at| at.max(settle_from))))
    }

    /// Fires one batch; answers how many clocks it took.
    async fn fire_batch(&self, unsettled: bool) -> Result<usize, Error> {
        let mut tx = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let now = self.clock.now();
        let mut due = clocks::lock_due(&mut tx, now, unsettled, self.config.batch).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let facts: Vec<Fact> =
            due.iter_mut().flat_map(|clock| clock.fire(now, self.config.late_after)).collect();
        let fired: Vec<&Clock> = due.iter().collect();
        clocks::update_many(&mut tx, &fired).await.map_err(gongdan_pg::error)?;
        let published: Vec<_> = facts.iter().map(|fact| events::new_event(fact, now)).collect();
        append(&mut tx, &published).await?;
        tx.commit().await.map_err(gongdan_pg::error)?;
        self.relay.wake();

        for fact in &facts {
            self.metrics.changed(fact);
            if !unsettled {
                self.metrics.lateness(now.duration_since(fact.occurred_at).as_secs_f64());
            }
        }
        let late = facts.iter().filter(|fact| {
            matches!(fact.change, Change::Breached { late: true } | Change::Warned { late: true, .. })
        });
        match late.count() {
            0 => {}
            late => tracing::warn!(late, "warnings and breaches fired later than they should have"),
        }
        tracing::debug!(clocks = due.len(), events = facts.len(), "timers fired");
        Ok(due.len())
    }
}
