//! Table `answered_decisions`.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use tracing::Instrument as _;
use uuid::Uuid;

/// Which of these decisions were answered before.
pub(crate) async fn answered(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids =
        sqlx::query_scalar!("SELECT decision_id FROM answered_decisions WHERE decision_id = ANY($1)", ids)
            .fetch_all(connection)
            .instrument(sql_span!("answered_decisions.get", "SELECT"))
            .await?;
    Ok(ids.into_iter().collect())
}

/// Forgets those answered before an instant; says how many.
pub(crate) async fn forget(pool: &PgPool, before: Timestamp) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!("DELETE FROM answered_decisions WHERE answered_at < $1", before.to_sqlx() as _)
        .execute(pool)
        .instrument(sql_span!("answered_decisions.forget", "DELETE"))
        .await?;
    Ok(done.rows_affected())
}
