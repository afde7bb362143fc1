//! Table `tasks`, one task at a time.

use super::{
    NewAttempt, Store, TaskName,
    row::{TaskRow, state_number},
};
use crate::error::{etag_mismatch, task_not_found, write_conflict};
use gongdan_access::{Caller, Scope};
use gongdan_callback_domain::{Changed, Task};
use gongdan_errors::Error;
use gongdan_outbox::NewEvent;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_proto::callback::v1::{CallbackEvent, CallbackTask};
use gongdan_telemetry::{current_traceparent, sql_span};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;
use sqlx::PgConnection;
use tracing::Instrument as _;

/// The action of who sees a task.
pub const SEEN: &str = "callbacks.read";

/// A task about to be acted on.
#[derive(Debug)]
pub enum Opened {
    /// The request came before: the task as it is now, and what was answered.
    Answered(Box<Task>, Box<CallbackTask>),
    /// The request is new.
    Fresh(Box<Task>),
}

impl Store {
    /// The task of this name.
    pub async fn get(&self, name: &TaskName) -> Result<Task, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        find(&mut connection, name).await
    }

    /// The task of this name, if its ticket is within `scope`.
    pub async fn get_within(&self, name: &TaskName, scope: &Scope) -> Result<Task, Error> {
        let task = self.get(name).await?;
        if scope.allows_ticket(&self.pool, task.ticket.id).await? { Ok(task) } else { Err(task_not_found()) }
    }

    /// The task of this name, if its ticket is within what `caller` may see and may do this with.
    pub async fn get_for(&self, name: &TaskName, caller: &Caller) -> Result<Task, Error> {
        let task = self.get(name).await?;
        caller.check_ticket(&self.pool, task.ticket.id, SEEN, task_not_found).await?;
        Ok(task)
    }

    /// The task to act on, or the answer the request had before; neither for who may not act on it, now. The etag is
    /// judged only when the request is new.
    pub async fn open(
        &self,
        name: &TaskName,
        etag: &str,
        key: &RequestKey,
        caller: &Caller,
    ) -> Result<Opened, Error> {
        let task = self.get_for(name, caller).await?;
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        if let Some(answered) = requests::lookup(&mut connection, key).await? {
            // A name may stand for another round by now.
            let task = find(&mut connection, &TaskName::Id(answered.resource_id)).await?;
            let answer = answer_of(&mut connection, answered).await?;
            return Ok(Opened::Answered(Box::new(task), Box::new(answer)));
        }
        if !etag.is_empty() && etag != task.stamp.etag() {
            return Err(etag_mismatch());
        }
        Ok(Opened::Fresh(Box::new(task)))
    }

    /// Writes an act in one statement: the task if nobody changed it since it was read, its attempt if it was one, its
    /// event, and the request it answers.
    pub async fn save(
        &self,
        changed: &Changed,
        attempt: Option<NewAttempt<'_>>,
        event: NewEvent,
        key: &RequestKey,
    ) -> Result<(), Error> {
        let task = &changed.task;
        let was = changed.was.ok_or_else(|| Error::internal("a new task is not updated"))?;
        let time = |at: Option<Timestamp>| at.map(|at| at.to_sqlx());
        let saved = sqlx::query_scalar!(
            r#"WITH task AS (
                 UPDATE tasks SET state = $4, attempts = $5, refused = $6, wrong_number = $7, next_attempt_at = $8,
                        contacted = $9, solved = $10, satisfied = $11, reopen = $12, reason = $13, agent_id = $14,
                        held_until = $15, version = $16, ended_at = $17
                 WHERE id = $1 AND version = $2 AND takes = $3 RETURNING id),
               attempt AS (
                 INSERT INTO attempts (task_id, number, outcome, agent_id, attempted_at, next_attempt_at, note)
                 SELECT id, $5, $18, $19, $20, $8, $21 FROM task WHERE $18::smallint IS NOT NULL),
               event AS (
                 INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                   payload, traceparent)
                 SELECT $22, id, $16, $23, $24, $25, $26, $27, $28, $29 FROM task),
               request AS (
                 INSERT INTO requests (caller, method, request_id, hash, resource_id, version, created_at)
                 SELECT $30, $31, $32, $33, id, $16, $26 FROM task)
               SELECT count(*) AS "count!" FROM task"#,
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
            attempt.map(|attempt| attempt.outcome_number()),
            attempt.map(|attempt| attempt.agent_id),
            changed.at.to_sqlx() as _,
            attempt.map(|attempt| attempt.note),
            event.id,
            event.kind.as_ref(),
            event.subject,
            event.occurred_at.to_sqlx() as _,
            event.recorded_at.to_sqlx() as _,
            event.origin.as_i16(),
            event.payload,
            current_traceparent(),
            key.caller,
            key.method,
            key.request_id,
            key.hash.as_slice(),
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("tasks.update", "UPDATE"))
        .await;
        match saved {
            Ok(1) => Ok(()),
            Ok(_) => Err(write_conflict()),
            Err(error) if requests::is_duplicate(&error) => Err(write_conflict()),
            Err(error) => Err(gongdan_pg::error(error)),
        }
    }
}

pub(super) async fn find(connection: &mut PgConnection, name: &TaskName) -> Result<Task, Error> {
    let row = sqlx::query_as!(
        TaskRow,
        "SELECT id, ticket_id, ticket_number, round, state, origin, attempts, refused, wrong_number, next_attempt_at,
                due_at, unit_id, region, customer_id, confidential, contacted, solved, satisfied, reopen, reason, agent_id,
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
