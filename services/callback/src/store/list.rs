//! Tasks by filter, newest first. Each filter has an index that gives the order: see the migrations.

use super::{
    Store, TaskName,
    row::{TaskRow, state_number},
};
use gongdan_access::Scope;
use gongdan_callback_domain::{Task, TaskState};
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use sqlx::{Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// Which tasks; all given must match.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Where the task is.
    pub state: Option<TaskState>,
    /// The lead unit; empty: any.
    pub unit_id: String,
    /// Of one ticket, all rounds.
    pub ticket: Option<TaskName>,
}

impl Store {
    /// At most `limit` tasks within `scope` whose id is below `after`.
    pub async fn list(
        &self,
        scope: &Scope,
        filter: &TaskFilter,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Task>, Error> {
        let rows: Vec<TaskRow> = query(scope, filter, after, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("tasks.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(Task::try_from).collect()
    }
}

pub(super) fn query(
    scope: &Scope,
    filter: &TaskFilter,
    after: Option<Uuid>,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT id, ticket_id, ticket_number, round, state, origin, attempts, refused, wrong_number, next_attempt_at,
                due_at, unit_id, region, customer_id, confidential, contacted, solved, satisfied, reopen, reason, agent_id,
                held_until, takes, version, opened_at, ended_at
         FROM tasks WHERE ",
    );
    scope.push_ticket(&mut sql, "tasks.ticket_id");
    if let Some(state) = filter.state {
        sql.push(" AND state = ").push_bind(state_number(state));
    }
    if !filter.unit_id.is_empty() {
        sql.push(" AND unit_id = ").push_bind(filter.unit_id.clone());
    }
    match &filter.ticket {
        None => {}
        Some(TaskName::Id(id)) => {
            sql.push(" AND ticket_id = ").push_bind(*id);
        }
        Some(TaskName::Number(number)) => {
            sql.push(" AND ticket_number = ").push_bind(number.clone());
        }
    }
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    sql
}
