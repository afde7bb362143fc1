//! Table `generation`: a number that grows with every change of organisation or rules, and one with every change of duty.

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

/// What was read is of this generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation {
    /// Of organisation and rules.
    pub value: i64,
    /// Of rosters, leave and swaps.
    pub duty: i64,
}

/// The numbers now.
pub(super) async fn current(connection: &mut PgConnection) -> Result<Generation, sqlx::Error> {
    sqlx::query_as!(Generation, "SELECT value, duty FROM generation")
        .fetch_one(connection)
        .instrument(sql_span!("generation.current", "SELECT"))
        .await
}

/// Makes every replica read rosters, leave and swaps again, and nothing else.
pub(super) async fn advance_duty(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE generation SET duty = duty + 1")
        .execute(connection)
        .instrument(sql_span!("generation.advance_duty", "UPDATE"))
        .await?;
    Ok(())
}

/// Makes every replica read organisation and rules again.
pub(super) async fn advance(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE generation SET value = value + 1")
        .execute(connection)
        .instrument(sql_span!("generation.advance", "UPDATE"))
        .await?;
    Ok(())
}
