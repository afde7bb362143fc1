//! The cursor of the relay and where it was before.

use crate::log::Position;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use std::time::Duration;

/// How far the relay came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub at: Position,
    /// The stream's sequence of the last event the bus acknowledged.
    pub sequence: i64,
    /// The server that acknowledged it.
    pub server_id: String,
}

const LEADER: &str = "SELECT pg_try_advisory_lock(hashtextextended('gongdan.relay', 0))";

/// Whether this connection leads now; it does until it ends.
pub(super) async fn try_lead(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(LEADER).fetch_one(&mut *connection).await
}

/// A cursor move that is lost with the server only publishes again: it needs no fsync.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("SET synchronous_commit = off").execute(connection).await?;
    Ok(())
}

/// The cursor; at the beginning of the log when there was none.
pub(super) async fn load(connection: &mut PgConnection) -> Result<Cursor, sqlx::Error> {
    sqlx::query(
        "WITH first AS (INSERT INTO outbox_cursor (txid, position, sequence, server_id) VALUES ('0', 0, 0, '')
                        ON CONFLICT DO NOTHING RETURNING txid, position, sequence)
         INSERT INTO outbox_cursor_history (txid, position, sequence) SELECT * FROM first",
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query("SELECT txid::text AS txid, position, sequence, server_id FROM outbox_cursor")
        .fetch_one(connection)
        .await?;
    Ok(Cursor {
        at: position(&row)?,
        sequence: row.try_get("sequence")?,
        server_id: row.try_get("server_id")?,
    })
}

/// Moves the cursor.
pub(super) async fn store(connection: &mut PgConnection, cursor: &Cursor) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE outbox_cursor SET txid = $1::text::xid8, position = $2, sequence = $3, server_id = $4,
                                  moved_at = clock_timestamp()",
    )
    .bind(cursor.at.txid.to_string())
    .bind(cursor.at.position)
    .bind(cursor.sequence)
    .bind(&cursor.server_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes where the cursor is, and forgets what is far older than `window`; the newest note older than it always stays.
pub(super) async fn note(
    connection: &mut PgConnection,
    cursor: &Cursor,
    window: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH old AS (DELETE FROM outbox_cursor_history
                      WHERE at < (SELECT max(at) FROM outbox_cursor_history
                                  WHERE at < clock_timestamp() - $4::float8 * interval '10 seconds'))
         INSERT INTO outbox_cursor_history (txid, position, sequence) VALUES ($1::text::xid8, $2, $3)",
    )
    .bind(cursor.at.txid.to_string())
    .bind(cursor.at.position)
    .bind(cursor.sequence)
    .bind(window.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(())
}

/// Where the cursor was `window` before its last move; the beginning when nothing older is known.
pub(super) async fn before(connection: &mut PgConnection, window: Duration) -> Result<Position, sqlx::Error> {
    let row = sqlx::query(
        "SELECT txid::text AS txid, position FROM outbox_cursor_history
         WHERE at <= (SELECT moved_at FROM outbox_cursor) - $1::float8 * interval '1 second'
         ORDER BY at DESC LIMIT 1",
    )
    .bind(window.as_secs_f64())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map_or(Ok(Position::default()), position)
}

/// Where the cursor last was when the stream had no more than `sequence`; the beginning when that is not known.
pub(super) async fn at_sequence(
    connection: &mut PgConnection,
    sequence: i64,
) -> Result<Position, sqlx::Error> {
    let row = sqlx::query(
        "SELECT txid::text AS txid, position FROM outbox_cursor_history WHERE sequence <= $1
         ORDER BY sequence DESC, at DESC LIMIT 1",
    )
    .bind(sequence)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map_or(Ok(Position::default()), position)
}

fn position(row: &PgRow) -> Result<Position, sqlx::Error> {
    let txid: &str = row.try_get("txid")?;
    Ok(Position {
        txid: txid.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        position: row.try_get("position")?,
    })
}

/// Forgets notes that speak of sequences the stream has lost: it will give them again to other events.
pub(super) async fn forget_after(connection: &mut PgConnection, sequence: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM outbox_cursor_history WHERE sequence > $1")
        .bind(sequence)
        .execute(connection)
        .await?;
    Ok(())
}
