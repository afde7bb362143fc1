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
                    // what is due is held by another worker or by a consumer
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

    /// Fires what has come; answers when to look again.
    async fn round(&self, settle_from: Timestamp) -> Result<Timestamp, Error> {
        let (timer, settle) = clocks::next_fire_at(&self.pool).await.map_err(gongdan_pg::error)?;
        let now = self.clock.now();
        let settle = settle.map(|at| at.max(settle_from));
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let behind = timer.is_some_and(|at| now.duration_since(at) > self.config.late_after);
        if behind || is_due(settle) {
            self.wait_for_events().await;
        }
        for (unsettled, due) in [(false, is_due(timer)), (true, is_due(settle))] {
            while due && self.fire_batch(unsettled).await? >= usize::from(self.config.batch) {}
        }
        if is_due(timer) || is_due(settle) {
            let (timer, settle) = clocks::next_fire_at(&self.pool).await.map_err(gongdan_pg::error)?;
            return Ok(self.earliest(timer, settle.map(|at| at.max(settle_from))));
        }
        Ok(self.earliest(timer, settle))
    }

    fn earliest(&self, timer: Option<Timestamp>, settle: Option<Timestamp>) -> Timestamp {
        let look = self.clock.now() + self.config.look_every;
        [timer, settle].into_iter().flatten().fold(look, Timestamp::min)
    }

    async fn wait_for_events(&self) {
        let wait = async {
            while self.catch_up.is_caught_up().await != Some(true) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let longest = Duration::try_from(self.config.catch_up).unwrap_or_default();
        if tokio::time::timeout(longest, wait).await.is_err() {
            tracing::warn!("ticket events are still behind; timers fire without them");
        }
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
            if matches!(fact.change, Change::Breached { late: true } | Change::Warned { late: true, .. }) {
                tracing::info!(clock = %fact.after.id, ticket = %fact.after.ticket_number, "fired late");
            }
        }
        tracing::debug!(clocks = due.len(), events = facts.len(), "timers fired");
        Ok(due.len())
    }
}
