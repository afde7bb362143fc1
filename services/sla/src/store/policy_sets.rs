//! Table `policy_sets`.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;

/// A version of a policy set as it is stored.
#[derive(Debug, Clone)]
pub struct PolicySetRow {
    /// `hotline`
    pub key: String,
    /// +1 per change.
    pub version: i32,
    /// The document.
    pub document: serde_json::Value,
    /// When it was put.
    pub imported_at: jiff_sqlx::Timestamp,
    /// By whom.
    pub imported_by: String,
}

/// A version; 0 is the newest.
pub async fn get(
    connection: &mut PgConnection,
    key: &str,
    version: i32,
) -> Result<Option<PolicySetRow>, sqlx::Error> {
    sqlx::query_as!(
        PolicySetRow,
        "SELECT key, version, document, imported_at, imported_by FROM policy_sets
         WHERE key = $1 AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1",
        key,
        version,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("policy_sets.get", "SELECT"))
    .await
}

/// The newest version of each, by key.
pub async fn list(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<PolicySetRow>, sqlx::Error> {
    sqlx::query_as!(
        PolicySetRow,
        "SELECT DISTINCT ON (key) key, version, document, imported_at, imported_by FROM policy_sets
         WHERE key > $1 ORDER BY key, version DESC LIMIT $2",
        after,
        limit,
    )
    .fetch_all(pool)
    .instrument(sql_span!("policy_sets.list", "SELECT"))
    .await
}

/// Adds a version unless the newest has the same document; answers the row and whether it is new. Two writes of one
/// key at once: the second breaks `policy_sets_pkey`.
pub async fn put(
    connection: &mut PgConnection,
    key: &str,
    document: &serde_json::Value,
    (by, now): (&str, Timestamp),
) -> Result<(PolicySetRow, bool), sqlx::Error> {
    let newest = get(&mut *connection, key, 0).await?;
    let version = match newest {
        Some(newest) if newest.document == *document => return Ok((newest, false)),
        Some(newest) => newest.version + 1,
        None => 1,
    };
    let row = sqlx::query_as!(
        PolicySetRow,
        "INSERT INTO policy_sets (key, version, document, imported_at, imported_by) VALUES ($1, $2, $3, $4, $5)
         RETURNING key, version, document, imported_at, imported_by",
        key,
        version,
        document,
        now.to_sqlx() as _,
        by,
    )
    .fetch_one(connection)
    .instrument(sql_span!("policy_sets.insert", "INSERT"))
    .await?;
    Ok((row, true))
}
