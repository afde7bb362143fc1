//! Table `holdings_fill`: how far tickets' log was read for what was held before `holdings` was kept.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use tracing::Instrument as _;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fill {
    /// Everything is known.
    Done,
    /// Something is left.
    UpTo {
        /// Read up to here in tickets' log; none: nothing yet.
        position: Option<String>,
        /// What was recorded later need not be read.
        until: Timestamp,
    },
}

/// How far it is now. Who asks first says until when it is to be read.
pub async fn progress(connection: &mut PgConnection, until: Timestamp) -> Result<Fill, sqlx::Error> {
    let row = sqlx::query!(
        r#"UPDATE holdings_fill SET until = coalesce(until, $1) WHERE done_at IS NULL
           RETURNING position, until AS "until!: SqlTimestamp""#,
        until.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .instrument(sql_span!("holdings_fill.progress", "UPDATE"))
    .await?;
    Ok(row.map_or(Fill::Done, |row| Fill::UpTo { position: row.position, until: row.until.to_jiff() }))
}

/// Whether what was held before is known.
pub async fn is_done(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let done = sqlx::query_scalar!(r#"SELECT done_at IS NOT NULL AS "done!" FROM holdings_fill"#);
    done.fetch_one(connection).instrument(sql_span!("holdings_fill.get", "SELECT")).await
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
