//! Table `tasks`, many at a time: what follows from a batch of events, in statements over sets.

use super::row::{TaskRow, origin_number, state_number};
use gongdan_callback_domain::Task;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashSet;
use tracing::Instrument as _;
use uuid::Uuid;

/// The tasks of these tickets that are still to be called, locked, so that no agent ends them meanwhile.
pub async fn lock_outstanding(
    connection: &mut PgConnection,
    tickets: &[Uuid],
) -> Result<Vec<Task>, LoadError> {
    let rows = sqlx::query_as!(
        TaskRow,
        "SELECT id, ticket_id, ticket_number, round, state, origin, attempts, refused, wrong_number, next_attempt_at,
                due_at, unit_id, region, customer_id, confidential, contacted, solved, satisfied, reopen, reason, agent_id,
                held_until, takes, version, opened_at, ended_at
         FROM tasks WHERE ticket_id = ANY ($1) AND state IN (1, 2) ORDER BY id FOR UPDATE",
        tickets,
    )
    .fetch_all(connection)
    .instrument(sql_span!("tasks.lock_outstanding", "SELECT"))
    .await?;
    rows.into_iter().map(Task::try_from).collect::<Result<_, _>>().map_err(LoadError::Row)
}

/// The rows could not be read, or one of them is no task.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// By the database.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// By us.
    #[error(transparent)]
    Row(Error),
}

/// Writes new tasks; answers the ids of those that were written. A round that has its task keeps it.
pub async fn insert_many(
    connection: &mut PgConnection,
    tasks: &[Task],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    if tasks.is_empty() {
        return Ok(HashSet::new());
    }
    let column = Columns(tasks);
    let ids = sqlx::query_scalar!(
        "INSERT INTO tasks (id, ticket_id, ticket_number, round, state, origin, next_attempt_at, due_at, unit_id,
                            region, customer_id, reason, version, opened_at, ended_at, confidential)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int4[], $5::int2[], $6::int2[],
                              $7::timestamptz[], $8::timestamptz[], $9::text[], $10::int8[], $11::uuid[], $12::text[],
                              $13::int8[], $14::timestamptz[], $15::timestamptz[], $16::bool[])
         ON CONFLICT (ticket_id, round) DO NOTHING
         RETURNING id",
        &column.of(|t| t.id),
        &column.of(|t| t.ticket.id),
        &column.of(|t| t.ticket.number.clone()),
        &column.of(|t| t.ticket.round),
        &column.of(|t| state_number(t.state)),
        &column.of(|t| origin_number(t.origin)),
        &column.times(|t| t.next_attempt_at) as _,
        &column.times(|t| t.due_at) as _,
        &column.of(|t| t.ticket.unit_id.clone()),
        &column.of(|t| t.ticket.region.as_i64()),
        &column.of(|t| t.ticket.customer_id) as _,
        &column.of(|t| t.reason.clone()),
        &column.of(|t| t.stamp.version),
        &column.times(|t| Some(t.opened_at)) as _,
        &column.times(|t| t.ended_at) as _,
        &column.of(|t| t.ticket.confidential),
    )
    .fetch_all(connection)
    .instrument(sql_span!("tasks.insert_many", "INSERT"))
    .await?;
    Ok(ids.into_iter().collect())
}

/// Writes tasks that were locked and have ended.
pub async fn end_many(connection: &mut PgConnection, tasks: &[Task]) -> Result<(), sqlx::Error> {
    if tasks.is_empty() {
        return Ok(());
    }
    let column = Columns(tasks);
    sqlx::query!(
        "UPDATE tasks t SET state = n.state, reason = n.reason, version = n.version, ended_at = n.ended_at,
                next_attempt_at = NULL, agent_id = NULL, held_until = NULL
         FROM unnest($1::uuid[], $2::int2[], $3::text[], $4::int8[], $5::timestamptz[])
              AS n (id, state, reason, version, ended_at)
         WHERE t.id = n.id",
        &column.of(|t| t.id),
        &column.of(|t| state_number(t.state)),
        &column.of(|t| t.reason.clone()),
        &column.of(|t| t.stamp.version),
        &column.times(|t| t.ended_at) as _,
    )
    .execute(connection)
    .instrument(sql_span!("tasks.end_many", "UPDATE"))
    .await?;
    Ok(())
}

/// Tasks, column by column.
struct Columns<'a>(&'a [Task]);

impl Columns<'_> {
    fn of<T>(&self, value: impl Fn(&Task) -> T) -> Vec<T> {
        self.0.iter().map(value).collect()
    }

    fn times(&self, value: impl Fn(&Task) -> Option<jiff::Timestamp>) -> Vec<Option<Timestamp>> {
        self.0.iter().map(|task| value(task).map(|at| at.to_sqlx())).collect()
    }
}
