//! Table `quality_errors`.

use gongdan_reporting_domain::QualityError;
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use tracing::Instrument;

/// Writes what was found, and what of it was taken back; of one error only the last. One statement for all.
pub(crate) async fn put(connection: &mut PgConnection, errors: &[&QualityError]) -> Result<(), sqlx::Error> {
    if errors.is_empty() {
        return Ok(());
    }
    let ticket: Vec<_> = errors.iter().map(|e| e.ticket).collect();
    let error: Vec<_> = errors.iter().map(|e| e.error).collect();
    let round: Vec<_> = errors.iter().map(|e| e.round).collect();
    let at: Vec<_> = errors.iter().map(|e| e.at.to_sqlx()).collect();
    let unit: Vec<_> = errors.iter().map(|e| e.unit.clone()).collect();
    let withdrawn: Vec<_> = errors.iter().map(|e| e.withdrawn).collect();
    sqlx::query!(
        "INSERT INTO quality_errors (ticket_id, error_id, round, marked_at, unit_id, withdrawn)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::text[], $6::bool[])
         ON CONFLICT (ticket_id, error_id) DO UPDATE SET withdrawn = excluded.withdrawn",
        &ticket,
        &error,
        &round,
        &at as _,
        &unit,
        &withdrawn
    )
    .execute(connection)
    .instrument(sql_span!("quality_errors.upsert", "INSERT"))
    .await?;
    Ok(())
}
