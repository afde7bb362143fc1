//! Table `suggest_pending`: tickets that have resolved and are to be learnt from.

use super::unreadable;
use gongdan_errors::Error;
use gongdan_region::RegionCode;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// A ticket that has resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub ticket_id: Uuid,
    /// The version that says so.
    pub version: i64,
    pub region: RegionCode,
    pub item: String,
    /// Empty: none.
    pub unit_id: String,
}

/// Queues tickets, if anything was trained by which they could be learnt from.
pub async fn queue(
    connection: &mut PgConnection,
    resolved: &[Resolved],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO suggest_pending (ticket_id, version, region, item, unit_id, queued_at)
         SELECT n.ticket_id, n.version, n.region, n.item, n.unit_id, $6
         FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::text[])
                  AS n (ticket_id, version, region, item, unit_id)
         WHERE EXISTS (SELECT FROM suggest_models)
         ON CONFLICT (ticket_id) DO UPDATE SET version = excluded.version, region = excluded.region,
             item = excluded.item, unit_id = excluded.unit_id, queued_at = excluded.queued_at",
        &resolved.iter().map(|one| one.ticket_id).collect::<Vec<_>>(),
        &resolved.iter().map(|one| one.version).collect::<Vec<_>>(),
        &resolved.iter().map(|one| one.region.as_i64()).collect::<Vec<_>>(),
        &resolved.iter().map(|one| one.item.clone()).collect::<Vec<_>>(),
        &resolved.iter().map(|one| one.unit_id.clone()).collect::<Vec<_>>(),
        at.to_sqlx() as _,
    )
    .execute(connection)
    .instrument(sql_span!("suggest_pending.queue", "INSERT"))
    .await?;
    Ok(())
}

/// The newest that wait, at most `limit`, and when the last of all was queued; none waits: none.
pub async fn newest(
    connection: &mut PgConnection,
    limit: usize,
) -> Result<Option<(Vec<Resolved>, Timestamp)>, Error> {
    let rows = sqlx::query!(
        "SELECT ticket_id, version, region, item, unit_id, queued_at FROM suggest_pending
         ORDER BY queued_at DESC, ticket_id LIMIT $1",
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .instrument(sql_span!("suggest_pending.newest", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    let Some(last) = rows.first().map(|row| row.queued_at.to_jiff()) else { return Ok(None) };
    let resolved = rows.into_iter().map(|row| {
        let region = RegionCode::from_i64(row.region).map_err(unreadable)?;
        let (ticket_id, version) = (row.ticket_id, row.version);
        Ok(Resolved { ticket_id, version, region, item: row.item, unit_id: row.unit_id })
    });
    Ok(Some((resolved.collect::<Result<_, Error>>()?, last)))
}

/// Takes out all that were queued until then; says which.
pub async fn take(connection: &mut PgConnection, until: Timestamp) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "DELETE FROM suggest_pending WHERE queued_at <= $1 RETURNING ticket_id",
        until.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("suggest_pending.take", "DELETE"))
    .await
}
