//! Table `schedules`.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// It runs.
pub const ACTIVE: i16 = 1;
/// It rests.
pub const PAUSED: i16 = 2;

/// A schedule as it is stored.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// Its id.
    pub id: Uuid,
    /// `month-report`
    pub key: String,
    /// What people call it.
    pub name: String,
    /// How it recurs.
    pub recurrence: serde_json::Value,
    /// IANA name.
    pub time_zone: String,
    /// Key of its calendar.
    pub calendar: Option<String>,
    /// The version that `next_run_at` was worked out with.
    pub calendar_version: Option<i32>,
    /// As in the contract.
    pub catch_up: i16,
    /// The encoded action.
    pub action: Vec<u8>,
    /// Active or paused.
    pub state: i16,
    /// The etag.
    pub version: i64,
    /// Planned times up to it are runs, or were let go.
    pub considered_until: jiff_sqlx::Timestamp,
    /// The first planned time after it.
    pub next_run_at: Option<jiff_sqlx::Timestamp>,
    /// When it was put.
    pub put_at: jiff_sqlx::Timestamp,
    /// By whom.
    pub put_by: String,
}

impl ScheduleRow {
    /// When it runs next.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.next_run_at.map(jiff_sqlx::Timestamp::to_jiff)
    }
}

/// One by its key.
pub async fn get(connection: &mut PgConnection, key: &str) -> Result<Option<ScheduleRow>, sqlx::Error> {
    sqlx::query_as!(ScheduleRow, "SELECT * FROM schedules WHERE key = $1", key)
        .fetch_optional(connection)
        .instrument(sql_span!("schedules.get", "SELECT"))
        .await
}

/// One by its key, until the transaction ends.
pub async fn lock(connection: &mut PgConnection, key: &str) -> Result<Option<ScheduleRow>, sqlx::Error> {
    sqlx::query_as!(ScheduleRow, "SELECT * FROM schedules WHERE key = $1 FOR UPDATE", key)
        .fetch_optional(connection)
        .instrument(sql_span!("schedules.lock", "SELECT"))
        .await
}

/// All, by key.
pub async fn list(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<ScheduleRow>, sqlx::Error> {
    sqlx::query_as!(ScheduleRow, "SELECT * FROM schedules WHERE key > $1 ORDER BY key LIMIT $2", after, limit)
        .fetch_all(pool)
        .instrument(sql_span!("schedules.list", "SELECT"))
        .await
}

/// When the next one is due.
pub async fn next_run_at(pool: &PgPool) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT min(next_run_at) AS "at?: jiff_sqlx::Timestamp" FROM schedules WHERE next_run_at IS NOT NULL"#
    )
    .fetch_one(pool)
    .instrument(sql_span!("schedules.next_run_at", "SELECT"))
    .await?;
    Ok(row.at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Locks the one that is due first and that no other worker has.
pub async fn lock_due(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<Option<ScheduleRow>, sqlx::Error> {
    sqlx::query_as!(
        ScheduleRow,
        "SELECT * FROM schedules WHERE next_run_at <= $1 ORDER BY next_run_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        now.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("schedules.lock_due", "SELECT"))
    .await
}

/// Locks one whose next time was worked out with a version of its calendar that is not the newest any more, and that no
/// other worker has.
pub async fn lock_outdated(connection: &mut PgConnection) -> Result<Option<ScheduleRow>, sqlx::Error> {
    sqlx::query_as!(
        ScheduleRow,
        "SELECT * FROM schedules
         WHERE state = 1
           AND calendar_version < (SELECT max(version) FROM calendars WHERE calendars.key = schedules.calendar)
         LIMIT 1 FOR UPDATE OF schedules SKIP LOCKED",
    )
    .fetch_optional(connection)
    .instrument(sql_span!("schedules.lock_outdated", "SELECT"))
    .await
}

/// Writes a new one, or what has changed of one that is there.
pub async fn put(connection: &mut PgConnection, row: &ScheduleRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO schedules (id, key, name, recurrence, time_zone, calendar, calendar_version, catch_up, action,
                                state, version, considered_until, next_run_at, put_at, put_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (id) DO UPDATE SET name = $3, recurrence = $4, time_zone = $5, calendar = $6,
             calendar_version = $7, catch_up = $8, action = $9, state = $10, version = $11, considered_until = $12,
             next_run_at = $13, put_at = $14, put_by = $15",
        row.id,
        row.key,
        row.name,
        row.recurrence,
        row.time_zone,
        row.calendar,
        row.calendar_version,
        row.catch_up,
        row.action,
        row.state,
        row.version,
        row.considered_until as _,
        row.next_run_at as _,
        row.put_at as _,
        row.put_by,
    )
    .execute(connection)
    .instrument(sql_span!("schedules.put", "INSERT"))
    .await?;
    Ok(())
}

/// Looks again later for one that cannot be worked out.
pub async fn set_aside(pool: &PgPool, id: Uuid, until: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE schedules
         SET next_run_at = $2,
             calendar_version = (SELECT max(version) FROM calendars WHERE calendars.key = schedules.calendar)
         WHERE id = $1 AND state = 1",
        id,
        until.to_sqlx() as _,
    )
    .execute(pool)
    .instrument(sql_span!("schedules.set_aside", "UPDATE"))
    .await?;
    Ok(())
}

/// Takes one away, with its runs.
pub async fn delete(connection: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM schedules WHERE id = $1", id)
        .execute(connection)
        .instrument(sql_span!("schedules.delete", "DELETE"))
        .await?;
    Ok(())
}
