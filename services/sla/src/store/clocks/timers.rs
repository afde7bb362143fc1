//! What fires next. Workers share the timers by SKIP LOCKED: none waits for another or for a consumer. Source: S5, S11.

use super::{ClockRow, LoadError};
use gongdan_sla_domain::clock::Clock;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;

/// Locks clocks whose time has come, oldest first; `unsettled` takes imports that nothing followed instead.
pub async fn lock_due(
    connection: &mut PgConnection,
    now: Timestamp,
    unsettled: bool,
    limit: u16,
) -> Result<Vec<Clock>, LoadError> {
    let rows = if unsettled {
        sqlx::query_as!(
            ClockRow,
            "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                    stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                    handler_id, region, version, origin, settle_at, record_id, pausable, turns, merged, rule,
                    subject
             FROM clocks WHERE next_fire_at <= $1 AND settle_at IS NOT NULL
             ORDER BY next_fire_at LIMIT $2 FOR UPDATE SKIP LOCKED",
            now.to_sqlx() as _,
            i64::from(limit),
        )
        .fetch_all(connection)
        .instrument(sql_span!("clocks.lock_unsettled", "SELECT"))
        .await?
    } else {
        sqlx::query_as!(
            ClockRow,
            "SELECT id, ticket_id, ticket_number, round, kind, state, policy, calendar, amount, started_at, due_at,
                    stopped_at, breached, thresholds, warned, working_seconds, handling_working_seconds, unit_id,
                    handler_id, region, version, origin, settle_at, record_id, pausable, turns, merged, rule,
                    subject
             FROM clocks WHERE next_fire_at <= $1 AND settle_at IS NULL
             ORDER BY next_fire_at LIMIT $2 FOR UPDATE SKIP LOCKED",
            now.to_sqlx() as _,
            i64::from(limit),
        )
        .fetch_all(connection)
        .instrument(sql_span!("clocks.lock_due", "SELECT"))
        .await?
    };
    rows.into_iter().map(Clock::try_from).collect()
}

/// When the next timer fires, and when the next import is to be settled.
pub async fn next_fire_at(pool: &PgPool) -> Result<(Option<Timestamp>, Option<Timestamp>), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT min(next_fire_at) FROM clocks WHERE next_fire_at IS NOT NULL AND settle_at IS NULL)
                      AS "timer?: jiff_sqlx::Timestamp",
                  (SELECT min(next_fire_at) FROM clocks WHERE next_fire_at IS NOT NULL AND settle_at IS NOT NULL)
                      AS "settle?: jiff_sqlx::Timestamp""#
    )
    .fetch_one(pool)
    .instrument(sql_span!("clocks.next_fire_at", "SELECT"))
    .await?;
    Ok((row.timer.map(jiff_sqlx::Timestamp::to_jiff), row.settle.map(jiff_sqlx::Timestamp::to_jiff)))
}

/// How many clocks run, by kind as in the contract.
pub async fn running(pool: &PgPool) -> Result<Vec<(i16, i64)>, sqlx::Error> {
    let rows = sqlx::query!(r#"SELECT kind, count(*) AS "count!" FROM clocks WHERE state = 1 GROUP BY kind"#)
        .fetch_all(pool)
        .instrument(sql_span!("clocks.running", "SELECT"))
        .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.count)).collect())
}
