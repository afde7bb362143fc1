//! Does what runs are for: creates tickets and tells of reminders. A replica takes a run on for a while, calls, and writes
//! down what became of it; if it dies in between, another makes the same call again, and tickets answers the same ticket.
//! Source: S10.

use crate::{
    jobs::schedules::{Outcome, Refused, Schedules, action, outcome},
    store::schedule_runs::{self, DONE, FAILED, RunRow},
};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_outbox::append;
use gongdan_proto::sla::v1::{Reminder, TicketTemplate, schedule_action::Action};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

/// After trouble with the database.
const PAUSE: Duration = Duration::from_secs(1);
/// How many runs are tried side by side.
const BESIDE: i64 = 8;

/// The job. Cheap to clone.
#[derive(Clone)]
pub struct PerformRuns {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// What schedules need.
    pub schedules: Schedules,
}

impl PerformRuns {
    /// Runs until shut down.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            self.schedules.waiting.looking();
            let wake = async {
                match self.round().await {
                    Ok(next) => {
                        self.schedules.waiting.sleeping_until(next);
                        tokio::select! {
                            () = self.schedules.waiting.rings() => {}
                            () = self.clock.sleep_until(next) => {}
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "runs of schedules could not be looked at; trying again");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = wake => {}
            }
        }
    }

    /// Tries what waits; answers when to look again.
    async fn round(&self) -> Result<Timestamp, Error> {
        loop {
            let now = gongdan_clock::to_micros(self.clock.now());
            let until = now + self.schedules.config.attempt_for;
            let taken =
                schedule_runs::take(&self.pool, now, until, BESIDE).await.map_err(gongdan_pg::error)?;
            if taken.is_empty() {
                break;
            }
            let mut beside = JoinSet::new();
            for run in taken {
                let span = tracing::info_span!(
                    "schedule.run", schedule = %run.schedule, run = %run.id, attempt = run.attempts
                );
                beside.spawn(self.clone().perform(run).instrument(span));
            }
            while let Some(done) = beside.join_next().await {
                done.map_err(Error::internal)??;
            }
        }
        let next = schedule_runs::next_attempt_at(&self.pool).await.map_err(gongdan_pg::error)?;
        let look = self.clock.now() + self.schedules.config.look_every;
        Ok(next.map_or(look, |next| next.min(look)))
    }

    /// One attempt.
    async fn perform(self, run: RunRow) -> Result<(), Error> {
        let late = self.clock.now().duration_since(run.claimed_at.to_jiff());
        if late > self.schedules.config.give_up_after {
            let reason = format!("given up after {} attempts; the last: {}", run.attempts - 1, run.reason);
            return self.over(RunRow { state: FAILED, reason, ..run }, None, Outcome::Failed).await;
        }
        let action = run.action.as_deref().map(action::decode);
        match action {
            Some(Ok(action)) => match action.action {
                Some(Action::CreateTicket(template)) => self.create(run, template).await,
                Some(Action::Remind(reminder)) => self.remind(run, reminder).await,
                None => self.unreadable(run).await,
            },
            _ => self.unreadable(run).await,
        }
    }

    async fn create(&self, run: RunRow, template: TicketTemplate) -> Result<(), Error> {
        match self.schedules.tickets.create(run.id, template).await {
            Ok(ticket) => {
                let ticket_id = Uuid::try_parse(&ticket.id).ok();
                let done = RunRow {
                    state: DONE,
                    ticket_id,
                    ticket_number: ticket.number,
                    reason: String::new(),
                    ..run
                };
                self.over(done, None, Outcome::TicketCreated).await
            }
            Err(Refused { reason, again: false }) => {
                tracing::warn!(schedule = %run.schedule, reason, "tickets refuses what a schedule is to create");
                self.over(RunRow { state: FAILED, reason, ..run }, None, Outcome::Failed).await
            }
            Err(Refused { reason, again: true }) => {
                let until = self.clock.now() + self.delay(run.attempts);
                tracing::warn!(schedule = %run.schedule, reason, %until, "a run did not succeed; trying again");
                self.schedules.metrics.postponed();
                schedule_runs::postpone(&self.pool, &run, until, &reason).await.map_err(gongdan_pg::error)
            }
        }
    }

    async fn remind(&self, run: RunRow, reminder: Reminder) -> Result<(), Error> {
        self.over(RunRow { state: DONE, ..run }, Some(reminder), Outcome::Reminded).await
    }

    async fn unreadable(&self, run: RunRow) -> Result<(), Error> {
        let reason = "the stored action cannot be read".to_owned();
        tracing::error!(schedule = %run.schedule, run = %run.id, "the stored action of a run cannot be read");
        self.over(RunRow { state: FAILED, reason, ..run }, None, Outcome::Failed).await
    }

    /// Writes down and publishes how a run ended, once, whoever else tried it.
    async fn over(&self, run: RunRow, reminder: Option<Reminder>, how: Outcome) -> Result<(), Error> {
        let now = gongdan_clock::to_micros(self.clock.now());
        let run = RunRow { ended_at: Some(now.to_sqlx()), next_attempt_at: None, ..run };
        let mut tx = self.pool.begin().await.map_err(gongdan_pg::error)?;
        if !schedule_runs::finish(&mut tx, &run).await.map_err(gongdan_pg::error)? {
            return Ok(());
        }
        append(&mut tx, &[outcome(&run, reminder, now)]).await?;
        tx.commit().await.map_err(gongdan_pg::error)?;
        self.schedules.relay.wake();
        self.schedules.metrics.over(how);
        tracing::debug!(schedule = %run.schedule, outcome = ?how, "a run is over");
        Ok(())
    }

    /// How long to wait after so many attempts.
    fn delay(&self, attempts: i32) -> SignedDuration {
        let config = &self.schedules.config;
        let doubled = u32::try_from(attempts.clamp(1, 30) - 1).unwrap_or(0);
        config.retry_after.saturating_mul(1 << doubled).min(config.retry_at_most)
    }
}
