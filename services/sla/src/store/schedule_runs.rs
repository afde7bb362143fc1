//! Table `schedule_runs`.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// It waits to be run, or for another attempt.
pub const PENDING: i16 = 1;
/// It is done.
pub const DONE: i16 = 2;
/// It was given up.
pub const FAILED: i16 = 3;
/// It was missed.
pub const SKIPPED: i16 = 4;

/// A run as it is stored, with what is told of its schedule.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Its id.
    pub id: Uuid,
    /// The schedule.
    pub schedule_id: Uuid,
    /// The schedule's key.
    pub schedule: String,
    /// The schedule's name.
    pub schedule_name: String,
    /// For when it was planned.
    pub planned_at: jiff_sqlx::Timestamp,
    /// Pending, done, failed, skipped.
    pub state: i16,
    /// Asked for by somebody.
    pub by_hand: bool,
    /// When it was taken on.
    pub claimed_at: jiff_sqlx::Timestamp,
    /// When it was over.
    pub ended_at: Option<jiff_sqlx::Timestamp>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_attempt_at: Option<jiff_sqlx::Timestamp>,
    /// The encoded action, while it is pending.
    pub action: Option<Vec<u8>>,
    /// The ticket it made.
    pub ticket_id: Option<Uuid>,
    /// The ticket's number.
    pub ticket_number: String,
    /// Why it did not succeed.
    pub reason: String,
    /// How many planned times it stands for, when skipped.
    pub skipped: i32,
    /// The last of them.
    pub skipped_until: Option<jiff_sqlx::Timestamp>,
}

/// Writes runs down; one that is there stays as it is.
pub async fn insert_many(connection: &mut PgConnection, runs: &[RunRow]) -> Result<(), sqlx::Error> {
    for run in runs {
        sqlx::query!(
            "INSERT INTO schedule_runs (id, schedule_id, planned_at, state, by_hand, claimed_at, ended_at, attempts,
                                        next_attempt_at, action, ticket_id, ticket_number, reason, skipped,
                                        skipped_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT DO NOTHING",
            run.id,
            run.schedule_id,
            run.planned_at as _,
            run.state,
            run.by_hand,
            run.claimed_at as _,
            run.ended_at as _,
            run.attempts,
            run.next_attempt_at as _,
            run.action,
            run.ticket_id,
            run.ticket_number,
            run.reason,
            run.skipped,
            run.skipped_until as _,
        )
        .execute(&mut *connection)
        .instrument(sql_span!("schedule_runs.insert", "INSERT"))
        .await?;
    }
    Ok(())
}

/// One by its id.
pub async fn find(connection: &mut PgConnection, id: Uuid) -> Result<Option<RunRow>, sqlx::Error> {
    sqlx::query_as!(
        RunRow,
        r#"SELECT r.id, schedule_id, s.key AS schedule, s.name AS schedule_name, planned_at, r.state, by_hand, claimed_at,
                  ended_at AS "ended_at: _", attempts, next_attempt_at AS "next_attempt_at: _", r.action, ticket_id,
                  ticket_number, reason, skipped, skipped_until AS "skipped_until: _"
           FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id WHERE r.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .instrument(sql_span!("schedule_runs.find", "SELECT"))
    .await
}

/// Those of a schedule that were planned before an instant, newest first; no states stand for all.
pub async fn list(
    pool: &PgPool,
    schedule: Uuid,
    states: &[i16],
    before: Timestamp,
    limit: i64,
) -> Result<Vec<RunRow>, sqlx::Error> {
    sqlx::query_as!(
        RunRow,
        r#"SELECT r.id, schedule_id, s.key AS schedule, s.name AS schedule_name, planned_at, r.state, by_hand, claimed_at,
                  ended_at AS "ended_at: _", attempts, next_attempt_at AS "next_attempt_at: _", r.action, ticket_id,
                  ticket_number, reason, skipped, skipped_until AS "skipped_until: _"
           FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id
           WHERE schedule_id = $1 AND planned_at < $2 AND (cardinality($3::smallint[]) = 0 OR r.state = ANY ($3))
           ORDER BY planned_at DESC LIMIT $4"#,
        schedule,
        before.to_sqlx() as _,
        states,
        limit,
    )
    .fetch_all(pool)
    .instrument(sql_span!("schedule_runs.list", "SELECT"))
    .await
}

/// When the next one is to be tried.
pub async fn next_attempt_at(pool: &PgPool) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT min(next_attempt_at) AS "at?: jiff_sqlx::Timestamp" FROM schedule_runs WHERE state = 1"#
    )
    .fetch_one(pool)
    .instrument(sql_span!("schedule_runs.next_attempt_at", "SELECT"))
    .await?;
    Ok(row.at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Takes on what is to be tried, oldest first: no other worker takes it before `until`.
pub async fn take(
    pool: &PgPool,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<RunRow>, sqlx::Error> {
    let mut runs = sqlx::query_as!(
        RunRow,
        r#"UPDATE schedule_runs r SET attempts = r.attempts + 1, next_attempt_at = $2
           FROM schedules s,
                (SELECT id FROM schedule_runs WHERE state = 1 AND next_attempt_at <= $1
                 ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) due
           WHERE r.id = due.id AND s.id = r.schedule_id
           RETURNING r.id, schedule_id, s.key AS schedule, s.name AS schedule_name, planned_at, r.state, by_hand, claimed_at,
                     ended_at AS "ended_at: _", attempts, next_attempt_at AS "next_attempt_at: _", r.action,
                     ticket_id, ticket_number, reason, skipped, skipped_until AS "skipped_until: _""#,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        limit,
    )
    .fetch_all(pool)
    .instrument(sql_span!("schedule_runs.take", "UPDATE"))
    .await?;
    runs.sort_by_key(|run| run.planned_at.to_jiff());
    Ok(runs)
}

/// Says how a run ended; false when it is over already, or gone.
pub async fn finish(connection: &mut PgConnection, run: &RunRow) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE schedule_runs SET state = $2, ended_at = $3, ticket_id = $4, ticket_number = $5, reason = $6,
                                  next_attempt_at = NULL, action = NULL
         WHERE id = $1 AND state = 1",
        run.id,
        run.state,
        run.ended_at as _,
        run.ticket_id,
        run.ticket_number,
        run.reason,
    )
    .execute(connection)
    .instrument(sql_span!("schedule_runs.finish", "UPDATE"))
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says that a run is tried again later, and why.
pub async fn postpone(
    pool: &PgPool,
    run: &RunRow,
    until: Timestamp,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE schedule_runs SET next_attempt_at = $3, reason = $4 WHERE id = $1 AND state = 1 AND attempts = $2",
        run.id,
        run.attempts,
        until.to_sqlx() as _,
        reason,
    )
    .execute(pool)
    .instrument(sql_span!("schedule_runs.postpone", "UPDATE"))
    .await?;
    Ok(())
}

/// Forgets runs that were over before an instant, a part of them; how many.
pub async fn forget_old(pool: &PgPool, before: Timestamp, limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM schedule_runs WHERE id IN (
             SELECT id FROM schedule_runs WHERE state <> 1 AND ended_at < $1 ORDER BY ended_at LIMIT $2)",
        before.to_sqlx() as _,
        limit,
    )
    .execute(pool)
    .instrument(sql_span!("schedule_runs.forget_old", "DELETE"))
    .await?;
    Ok(done.rows_affected())
}
