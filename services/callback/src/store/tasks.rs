//! Table `tasks`, one task at a time.

use super::{
    Store, TaskName,
    row::{TaskRow, state_number},
};
use crate::error::{etag_mismatch, task_not_found, write_conflict};
use gongdan_callback_domain::{Changed, Task};
use gongdan_errors::Error;
use gongdan_outbox::NewEvent;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_proto::callback::v1::{CallbackEvent, CallbackTask};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;
use sqlx::{Acquire as _, PgConnection};
use tracing::Instrument as _;

/// A task about to be acted on.
#[derive(Debug)]
pub enum Opened {
    /// The request came before; this was its answer.
    Answered(Box<CallbackTask>),
    /// The request is new.
    Fresh(Box<Task>),
}

impl Store {
    /// The task of this name.
    pub async fn get(&self, name: &TaskName) -> Result<Task, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        find(&mut connection, name).await
    }

    /// The task to act on, or the answer the request had before. The etag is judged only when the request is new.
    pub async fn open(&self, name: &TaskName, etag: &str, key: &RequestKey) -> Result<Opened, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(&mut connection, key).await? {
            return answer_of(&mut connection, answered).await.map(|task| Opened::Answered(Box::new(task)));
        }
        let task = find(&mut connection, name).await?;
        if !etag.is_empty() && etag != task.stamp.etag() {
            return Err(etag_mismatch());
        }
        Ok(Opened::Fresh(Box::new(task)))
    }

    /// Writes an act: the task if nobody changed it since it was read, its attempt if it was one, its event, and the
    /// request it answers.
    pub async fn save(
        &self,
        changed: &Changed,
        attempt: Option<super::attempts::NewAttempt<'_>>,
        event: NewEvent,
        key: &RequestKey,
    ) -> Result<(), Error> {
        let now = event.recorded_at;
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        let mut transaction = connection.begin().await.map_err(gongdan_pg::error)?;
        update(&mut transaction, changed).await?;
        if let Some(attempt) = attempt {
            attempt.insert(&mut transaction, changed).await?;
        }
        gongdan_outbox::append(&mut transaction, &[event]).await?;
        let answered = Answered { resource_id: changed.task.id, version: changed.task.stamp.version };
        requests::insert(&mut transaction, key, answered, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)
    }
}

pub(super) async fn find(connection: &mut PgConnection, name: &TaskName) -> Result<Task, Error> {
    let row = sqlx::query_as!(
        TaskRow,
        "SELECT id, ticket_id, ticket_number, round, state, origin, attempts, refused, wrong_number, next_attempt_at,
                due_at, unit_id, region, customer_id, contacted, solved, satisfied, reopen, reason, agent_id,
                held_until, takes, version, opened_at, ended_at
         FROM tasks WHERE id = $1 OR ticket_id = $1 OR ticket_number = $2
         ORDER BY round DESC LIMIT 1",
        name.id(),
        name.number(),
    )
    .fetch_optional(connection)
    .instrument(sql_span!("tasks.get", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    row.ok_or_else(task_not_found)?.try_into()
}

/// What an act answered: the task in its event.
async fn answer_of(connection: &mut PgConnection, answered: Answered) -> Result<CallbackTask, Error> {
    let payload = sqlx::query_scalar!(
        "SELECT payload FROM events WHERE aggregate_id = $1 AND version = $2",
        answered.resource_id,
        answered.version,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("events.answer", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    let payload = payload.ok_or_else(task_not_found)?;
    let event = CallbackEvent::decode(payload.as_slice()).map_err(Error::internal)?;
    event.state.ok_or_else(|| Error::internal("an event without the task after it"))
}

async fn update(connection: &mut PgConnection, changed: &Changed) -> Result<(), Error> {
    let task = &changed.task;
    let was = changed.was.ok_or_else(|| Error::internal("a new task is not updated"))?;
    let time = |at: Option<Timestamp>| at.map(|at| at.to_sqlx());
    let done = sqlx::query!(
        "UPDATE tasks SET state = $4, attempts = $5, refused = $6, wrong_number = $7, next_attempt_at = $8,
                contacted = $9, solved = $10, satisfied = $11, reopen = $12, reason = $13, agent_id = $14,
                held_until = $15, version = $16, ended_at = $17
         WHERE id = $1 AND version = $2 AND takes = $3",
        task.id,
        was.version,
        was.takes,
        state_number(task.state),
        task.tally.attempts,
        task.tally.refused,
        task.tally.wrong_number,
        time(task.next_attempt_at) as _,
        task.result.map(|result| result.contacted),
        task.result.map(|result| result.solved),
        task.result.map(|result| result.satisfied),
        task.reopen,
        task.reason,
        task.hold.as_ref().map(|hold| hold.agent_id.clone()),
        time(task.hold.as_ref().map(|hold| hold.until)) as _,
        task.stamp.version,
        time(task.ended_at) as _,
    )
    .execute(connection)
    .instrument(sql_span!("tasks.update", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(write_conflict()) }
}
