//! Table `ticket_scopes`, as simulations go back over it: every ticket that tickets told of, imports included. Ids rise
//! with the time at which tickets were made here.

use super::Store;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use tracing::Instrument as _;
use uuid::Uuid;

impl Store {
    /// At most `limit` tickets before one, newest first.
    pub async fn past_tickets(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<Uuid>, Error> {
        sqlx::query_scalar!(
            "SELECT ticket_id FROM ticket_scopes WHERE ticket_id < $1 ORDER BY ticket_id DESC LIMIT $2",
            before.unwrap_or(Uuid::max()),
            limit,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("ticket_scopes.past", "SELECT"))
        .await
        .map_err(gongdan_pg::error)
    }

    /// How many tickets are known, counted up to `most`.
    pub async fn count_tickets(&self, most: i64) -> Result<i64, Error> {
        sqlx::query_scalar!(
            r#"SELECT count(*) AS "tickets!" FROM (SELECT FROM ticket_scopes LIMIT $1) AS known"#,
            most,
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("ticket_scopes.count", "SELECT"))
        .await
        .map_err(gongdan_pg::error)
    }
}
