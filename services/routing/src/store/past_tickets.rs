//! Table `ticket_scopes`, as simulations go back over it: every ticket that tickets told of, imports included. Ids rise
//! with the time at which tickets were made here.

use super::Store;
use gongdan_access::Scope;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use sqlx::{Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

impl Store {
    /// At most `limit` tickets of a scope before one, newest first.
    pub async fn past_tickets(
        &self,
        scope: &Scope,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, Error> {
        past(scope, before, limit)
            .build_query_scalar()
            .fetch_all(&self.pool)
            .instrument(sql_span!("ticket_scopes.past", "SELECT"))
            .await
            .map_err(gongdan_pg::error)
    }

    /// How many tickets of a scope are known, counted up to `most`.
    pub async fn count_tickets(&self, scope: &Scope, most: i64) -> Result<i64, Error> {
        let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM ticket_scopes t WHERE ");
        scope.push_ticket(&mut sql, "t.ticket_id");
        sql.push(" LIMIT ").push_bind(most).push(") AS known");
        sql.build_query_scalar()
            .fetch_one(&self.pool)
            .instrument(sql_span!("ticket_scopes.count", "SELECT"))
            .await
            .map_err(gongdan_pg::error)
    }
}

pub(super) fn past(scope: &Scope, before: Option<Uuid>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT t.ticket_id FROM ticket_scopes t WHERE t.ticket_id < ");
    sql.push_bind(before.unwrap_or(Uuid::max())).push(" AND ");
    scope.push_ticket(&mut sql, "t.ticket_id");
    sql.push(" ORDER BY t.ticket_id DESC LIMIT ").push_bind(limit);
    sql
}
