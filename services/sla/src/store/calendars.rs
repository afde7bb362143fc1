//! Table `calendars`.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;

/// A version of a calendar as it is stored.
#[derive(Debug, Clone)]
pub struct CalendarRow {
    /// `cn`
    pub key: String,
    /// +1 per changed import.
    pub version: i32,
    /// The document.
    pub document: serde_json::Value,
    /// When it was imported.
    pub imported_at: jiff_sqlx::Timestamp,
    /// By whom.
    pub imported_by: String,
}

/// A version; 0 is the newest.
pub async fn get(
    connection: &mut PgConnection,
    key: &str,
    version: i32,
) -> Result<Option<CalendarRow>, sqlx::Error> {
    sqlx::query_as!(
        CalendarRow,
        "SELECT key, version, document, imported_at, imported_by FROM calendars
         WHERE key = $1 AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1",
        key,
        version,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("calendars.get", "SELECT"))
    .await
}

/// The newest version of each, by key.
pub async fn list(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<CalendarRow>, sqlx::Error> {
    sqlx::query_as!(
        CalendarRow,
        "SELECT DISTINCT ON (key) key, version, document, imported_at, imported_by FROM calendars
         WHERE key > $1 ORDER BY key, version DESC LIMIT $2",
        after,
        limit,
    )
    .fetch_all(pool)
    .instrument(sql_span!("calendars.list", "SELECT"))
    .await
}

/// Every version of each.
pub async fn all(pool: &PgPool) -> Result<Vec<CalendarRow>, sqlx::Error> {
    sqlx::query_as!(
        CalendarRow,
        "SELECT key, version, document, imported_at, imported_by FROM calendars ORDER BY key, version",
    )
    .fetch_all(pool)
    .instrument(sql_span!("calendars.all", "SELECT"))
    .await
}

/// Adds a version unless the newest has the same document; answers the row and whether it is new. Two imports of one
/// key at once: the second breaks `calendars_pkey`.
pub async fn put(
    connection: &mut PgConnection,
    key: &str,
    (name, time_zone): (&str, &str),
    document: &serde_json::Value,
    (by, now): (&str, Timestamp),
) -> Result<(CalendarRow, bool), sqlx::Error> {
    let newest = get(&mut *connection, key, 0).await?;
    let version = match newest {
        Some(newest) if newest.document == *document => return Ok((newest, false)),
        Some(newest) => newest.version + 1,
        None => 1,
    };
    let row = sqlx::query_as!(
        CalendarRow,
        "INSERT INTO calendars (key, version, name, time_zone, document, imported_at, imported_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         RETURNING key, version, document, imported_at, imported_by",
        key,
        version,
        name,
        time_zone,
        document,
        now.to_sqlx() as _,
        by,
    )
    .fetch_one(connection)
    .instrument(sql_span!("calendars.insert", "INSERT"))
    .await?;
    Ok((row, true))
}
