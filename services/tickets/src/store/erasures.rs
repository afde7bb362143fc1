//! Table `erasures`: erasures that were asked for, and what they came to.

use gongdan_pg::RequestKey;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;
use tracing::Instrument as _;
use uuid::Uuid;

/// An erasure.
#[derive(Debug, Clone)]
pub(crate) struct Erasure {
    pub id: Uuid,
    pub hash: Vec<u8>,
    pub ticket_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub tickets: i32,
    pub ended_at: Option<jiff_sqlx::Timestamp>,
}

/// The erasure that a request asked for before.
pub(crate) async fn of_request(pool: &PgPool, key: &RequestKey) -> Result<Option<Erasure>, sqlx::Error> {
    sqlx::query_as!(
        Erasure,
        "SELECT id, hash, ticket_id, customer_id, tickets, ended_at FROM erasures
         WHERE caller = $1 AND request_id = $2",
        key.caller,
        key.request_id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("erasures.of_request", "SELECT"))
    .await
}

/// Notes that one begins; a twin that began at the same moment is the same erasure.
pub(crate) async fn begin(
    pool: &PgPool,
    id: Uuid,
    key: &RequestKey,
    ticket: Option<Uuid>,
    customer: Option<Uuid>,
    reason: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO erasures (id, caller, request_id, hash, ticket_id, customer_id, reason, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (caller, request_id) DO NOTHING",
        id,
        key.caller,
        key.request_id,
        key.hash.as_slice(),
        ticket,
        customer,
        reason,
        now.to_sqlx() as _
    )
    .execute(pool)
    .instrument(sql_span!("erasures.begin", "INSERT"))
    .await?;
    Ok(())
}

/// Counts tickets.
pub(crate) async fn count(pool: &PgPool, id: Uuid, tickets: usize) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE erasures SET tickets = tickets + $2 WHERE id = $1",
        id,
        i32::try_from(tickets).unwrap_or(i32::MAX)
    )
    .execute(pool)
    .instrument(sql_span!("erasures.count", "UPDATE"))
    .await?;
    Ok(())
}

/// It is done.
pub(crate) async fn end(pool: &PgPool, id: Uuid, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE erasures SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        id,
        now.to_sqlx() as _
    )
    .execute(pool)
    .instrument(sql_span!("erasures.end", "UPDATE"))
    .await?;
    Ok(())
}
