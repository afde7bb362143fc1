//! Table `rebuilds`, and the lock that lets one rebuild run at a time.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, types::Json};
use tracing::Instrument;
use uuid::Uuid;

pub(crate) const RUNNING: i16 = 1;
pub(crate) const SUCCEEDED: i16 = 2;
pub(crate) const FAILED: i16 = 3;

/// Key of the session lock that the process that rebuilds holds; `rebuild` in ASCII.
const LOCK: i64 = 0x72_6562_7569_6c64;

/// How far one owner's log is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceProgress {
    pub(crate) source: String,
    pub(crate) applied: i64,
    pub(crate) expected: i64,
    pub(crate) done: bool,
}

/// A rebuild.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RebuildRow {
    pub(crate) id: Uuid,
    pub(crate) state: i16,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) error: String,
    pub(crate) sources: Vec<SourceProgress>,
}

macro_rules! row {
    ($row:expr) => {
        $row.map(|row| RebuildRow {
            id: row.id,
            state: row.state,
            started_at: row.started_at.to_jiff(),
            ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            error: row.error,
            sources: row.sources.0,
        })
    };
}

/// By id; the latest without one.
pub(crate) async fn find(pool: &PgPool, id: Option<Uuid>) -> Result<Option<RebuildRow>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, state, started_at, ended_at, error, sources AS "sources: Json<Vec<SourceProgress>>"
           FROM rebuilds WHERE $1::uuid IS NULL OR id = $1 ORDER BY started_at DESC, id DESC LIMIT 1"#,
        id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("rebuilds.find", "SELECT"))
    .await?;
    Ok(row!(row))
}

/// What an earlier use of the request id began.
pub(crate) async fn of_request(
    pool: &PgPool,
    caller: &str,
    request_id: Uuid,
) -> Result<Option<RebuildRow>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, state, started_at, ended_at, error, sources AS "sources: Json<Vec<SourceProgress>>"
           FROM rebuilds WHERE caller = $1 AND request_id = $2"#,
        caller,
        request_id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("rebuilds.of_request", "SELECT"))
    .await?;
    Ok(row!(row))
}

/// Whether this connection now holds the right to rebuild; it does until it ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "held!""#, LOCK).fetch_one(connection).await
}

/// Ends rebuilds whose process is gone. Only for the holder of the lock.
pub(crate) async fn end_abandoned(connection: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE rebuilds SET state = $1, ended_at = $2, error = 'the process that rebuilt has ended'
         WHERE state = $3",
        FAILED,
        now.to_sqlx() as _,
        RUNNING
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A new one, running. Only for the holder of the lock.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    caller: &str,
    request_id: Uuid,
    row: &RebuildRow,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO rebuilds (id, caller, request_id, state, started_at, error, sources)
         VALUES ($1, $2, $3, $4, $5, '', $6)",
        row.id,
        caller,
        request_id,
        row.state,
        row.started_at.to_sqlx() as _,
        Json(&row.sources) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes how it goes.
pub(crate) async fn update(pool: &PgPool, row: &RebuildRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE rebuilds SET state = $2, ended_at = $3, error = $4, sources = $5 WHERE id = $1",
        row.id,
        row.state,
        row.ended_at.map(ToSqlx::to_sqlx) as _,
        row.error,
        Json(&row.sources) as _
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How many events a consumer has applied: versions have no gaps.
pub(crate) async fn applied(connection: &mut PgConnection, consumer: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT COALESCE(sum(version), 0)::bigint AS "events!" FROM inbox_versions WHERE consumer = $1"#,
        consumer
    )
    .fetch_one(connection)
    .await
}
