//! Table `acts`.

use gongdan_reporting_domain::{Act, ActKind};
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use tracing::Instrument;
use uuid::Uuid;

/// Adds acts; those that are there stay as they are. One statement for all.
pub(crate) async fn add(connection: &mut PgConnection, acts: &[Act]) -> Result<(), sqlx::Error> {
    if acts.is_empty() {
        return Ok(());
    }
    let ticket: Vec<_> = acts.iter().map(|a| a.ticket).collect();
    let version: Vec<_> = acts.iter().map(|a| a.version).collect();
    let round: Vec<_> = acts.iter().map(|a| a.round).collect();
    let kind: Vec<_> = acts.iter().map(|a| a.kind.as_i16()).collect();
    let at: Vec<_> = acts.iter().map(|a| a.at.to_sqlx()).collect();
    let unit: Vec<_> = acts.iter().map(|a| a.unit.clone()).collect();
    sqlx::query!(
        "INSERT INTO acts (ticket_id, version, round, kind, at, unit_id)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::int[], $4::smallint[], $5::timestamptz[], $6::text[])
         ON CONFLICT (ticket_id, version) DO NOTHING",
        &ticket,
        &version,
        &round,
        &kind,
        &at as _,
        &unit
    )
    .execute(connection)
    .instrument(sql_span!("acts.insert", "INSERT"))
    .await?;
    Ok(())
}

/// Takes out what gave each of these tickets to a unit last before a version. One statement for all.
pub(crate) async fn take_back(
    connection: &mut PgConnection,
    back: &[(Uuid, i64)],
) -> Result<(), sqlx::Error> {
    if back.is_empty() {
        return Ok(());
    }
    let (ticket, version): (Vec<_>, Vec<_>) = back.iter().copied().unzip();
    sqlx::query!(
        "DELETE FROM acts USING UNNEST($1::uuid[], $2::bigint[]) AS back (ticket_id, version)
         WHERE acts.ticket_id = back.ticket_id AND acts.kind = $3 AND acts.version = (
             SELECT max(earlier.version) FROM acts earlier
             WHERE earlier.ticket_id = back.ticket_id AND earlier.kind = $3 AND earlier.version < back.version)",
        &ticket,
        &version,
        ActKind::Dispatched.as_i16()
    )
    .execute(connection)
    .instrument(sql_span!("acts.take_back", "DELETE"))
    .await?;
    Ok(())
}
