//! Takes on planned times that have come: sleeps until the next is due, locks one schedule at a time, and writes its runs down
//! in the transaction that moves it on. Any number of replicas share the work by SKIP LOCKED. Source: S10.

use crate::{
    jobs::schedules::{Schedules, claim},
    store::{
        TermsCache,
        schedules::{self, ScheduleRow},
    },
};
use gongdan_clock::SharedClock;
use gongdan_errors::{Code, Error};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// After trouble with the database, and while another worker holds what is due.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a schedule waits that cannot be worked out.
const ASIDE: SignedDuration = SignedDuration::from_mins(10);

/// The job.
pub struct RunSchedules {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// Calendars.
    pub terms: TermsCache,
    /// What schedules need.
    pub schedules: Schedules,
}

impl RunSchedules {
    /// Runs until shut down.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            self.schedules.due.looking();
            let wake = async {
                match self.round().await {
                    Ok(next) if next > self.clock.now() => {
                        self.schedules.due.sleeping_until(next);
                        tokio::select! {
                            () = self.schedules.due.rings() => {}
                            () = self.clock.sleep_until(next) => {}
                        }
                    }
                    // another worker has what is due
                    Ok(_) => tokio::time::sleep(PAUSE).await,
                    Err(error) => {
                        tracing::warn!(%error, "schedules could not be looked at; trying again");
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

    /// Takes on what has come; answers when to look again.
    async fn round(&self) -> Result<Timestamp, Error> {
        // A new version of a calendar first: it may have an earlier day than the one that is waited for.
        while self.one(true).await? {}
        while self.one(false).await? {}
        let look = self.clock.now() + self.schedules.config.look_every;
        let next = schedules::next_run_at(&self.pool).await.map_err(gongdan_pg::error)?;
        Ok(next.map_or(look, |next| next.min(look)))
    }

    /// Moves one schedule on; false when there is none.
    async fn one(&self, outdated: bool) -> Result<bool, Error> {
        let mut tx = self.pool.begin().await.map_err(gongdan_pg::error)?;
        let now = gongdan_clock::to_micros(self.clock.now());
        let row = if outdated {
            schedules::lock_outdated(&mut tx).await
        } else {
            schedules::lock_due(&mut tx, now).await
        };
        let Some(mut row) = row.map_err(gongdan_pg::error)? else { return Ok(false) };
        let span = tracing::info_span!("schedule.claim", schedule = %row.key);
        let with = (&self.terms, &self.schedules.config, &self.schedules.metrics);
        let claimed = claim(&mut tx, with, &mut row, now).instrument(span).await;
        let runs = match claimed {
            Ok(runs) => runs,
            Err(error) if matches!(error.code(), Code::Unavailable | Code::Aborted) => return Err(error),
            Err(error) => {
                drop(tx);
                return self.set_aside(&row, now, &error).await.map(|()| true);
            }
        };
        tx.commit().await.map_err(gongdan_pg::error)?;
        self.schedules.relay.wake();
        if !runs.is_empty() {
            tracing::debug!(schedule = %row.key, runs = runs.len(), "planned times were taken on");
            self.schedules.waiting.ring_if_before(now);
        }
        Ok(true)
    }

    /// One that cannot be worked out holds no other up; what it has planned is made up for when it can.
    async fn set_aside(&self, row: &ScheduleRow, now: Timestamp, error: &Error) -> Result<(), Error> {
        tracing::error!(%error, schedule = %row.key, "a schedule cannot be worked out; it is looked at again later");
        schedules::set_aside(&self.pool, row.id, now + ASIDE).await.map_err(gongdan_pg::error)
    }
}
