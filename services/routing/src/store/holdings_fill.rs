//! Table `holdings_fill`: how far tickets' log was read for what was held before `holdings` was kept.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fill {
    /// Everything is known.
    Done,
    /// Read up to this position in tickets' log; none: nothing yet.
    UpTo(Option<String>),
}

/// How far it is now.
pub async fn progress(connection: &mut PgConnection) -> Result<Fill, sqlx::Error> {
    let row = sqlx::query!(r#"SELECT position, done_at IS NOT NULL AS "done!" FROM holdings_fill"#)
        .fetch_one(connection)
        .instrument(sql_span!("holdings_fill.get", "SELECT"))
        .await?;
    Ok(if row.done { Fill::Done } else { Fill::UpTo(row.position) })
}

/// Goes on from one position to the next; false when another replica did meanwhile, and then nothing must be written.
///
/// Until the end of the transaction nobody else writes or reads for a change who holds what: a ticket that is in no row yet
/// cannot be locked by its row.
pub async fn advance(
    connection: &mut PgConnection,
    from: Option<&str>,
    to: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query!("LOCK TABLE holdings IN EXCLUSIVE MODE")
        .execute(&mut *connection)
        .instrument(sql_span!("holdings_fill.lock", "LOCK"))
        .await?;
    let moved = sqlx::query!(
        "UPDATE holdings_fill SET position = $2 WHERE done_at IS NULL AND position IS NOT DISTINCT FROM $1",
        from,
        to,
    )
    .execute(connection)
    .instrument(sql_span!("holdings_fill.advance", "UPDATE"))
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Everything is known from here on.
pub async fn done(connection: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE holdings_fill SET done_at = $1 WHERE done_at IS NULL", now.to_sqlx() as _)
        .execute(connection)
        .instrument(sql_span!("holdings_fill.done", "UPDATE"))
        .await?;
    Ok(())
}
