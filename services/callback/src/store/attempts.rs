//! Table `attempts`.

use super::Store;
use crate::events;
use gongdan_callback_domain::Outcome;
use gongdan_errors::Error;
use gongdan_proto::{callback::v1::CallbackAttempt, to_timestamp};
use gongdan_telemetry::sql_span;
use tracing::Instrument as _;
use uuid::Uuid;

/// A call to be written down with its act.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// Who called.
    pub agent_id: &'a str,
    /// The agent's words, numbers masked.
    pub note: &'a str,
}

impl NewAttempt<'_> {
    pub(super) fn outcome_number(self) -> i16 {
        i16::try_from(i32::from(events::outcome(self.outcome))).unwrap_or_default()
    }
}

impl Store {
    /// The attempts of a task, first to last.
    pub async fn attempts(&self, task_id: Uuid) -> Result<Vec<CallbackAttempt>, Error> {
        let rows = sqlx::query!(
            "SELECT number, outcome, agent_id, attempted_at, next_attempt_at, note
             FROM attempts WHERE task_id = $1 ORDER BY number",
            task_id,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("attempts.list", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        let attempt = rows.into_iter().map(|row| CallbackAttempt {
            number: row.number,
            outcome: i32::from(row.outcome),
            agent_id: row.agent_id,
            attempted_at: Some(to_timestamp(row.attempted_at.to_jiff())),
            next_attempt_at: row.next_attempt_at.map(|at| to_timestamp(at.to_jiff())),
            note: row.note,
        });
        Ok(attempt.collect())
    }
}
