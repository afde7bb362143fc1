//! Table `generation`: one number that grows with every change of organisation or rules.

use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;

/// `pg_advisory_xact_lock` of whoever changes organisation or rules: one at a time, so that what was checked holds when
/// it is written. Readers and the way of tickets never take it.
const WRITERS: i64 = 0x726f_7574_696e_6701;

/// Waits until nobody else changes organisation or rules, for the rest of the transaction.
pub(super) async fn lock_writers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT FROM pg_advisory_xact_lock($1)", WRITERS)
        .execute(connection)
        .instrument(sql_span!("generation.lock", "SELECT"))
        .await?;
    Ok(())
}

/// The number now.
pub(super) async fn current(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT value FROM generation")
        .fetch_one(connection)
        .instrument(sql_span!("generation.current", "SELECT"))
        .await
}

/// Makes every replica read organisation and rules again.
pub(super) async fn advance(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE generation SET value = value + 1")
        .execute(connection)
        .instrument(sql_span!("generation.advance", "UPDATE"))
        .await?;
    Ok(())
}
