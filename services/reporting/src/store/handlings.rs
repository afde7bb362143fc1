//! Table `handlings`.

use gongdan_reporting_domain::Handling;
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use tracing::Instrument;

/// Writes clocks as they are now, at most one per round; a row that knows more stays. One statement for all.
pub(crate) async fn put(connection: &mut PgConnection, handlings: &[&Handling]) -> Result<(), sqlx::Error> {
    if handlings.is_empty() {
        return Ok(());
    }
    let ticket: Vec<_> = handlings.iter().map(|h| h.ticket).collect();
    let round: Vec<_> = handlings.iter().map(|h| h.round).collect();
    let clock: Vec<_> = handlings.iter().map(|h| h.clock).collect();
    let version: Vec<_> = handlings.iter().map(|h| h.version).collect();
    let due: Vec<_> = handlings.iter().map(|h| h.due_at.map(ToSqlx::to_sqlx)).collect();
    let on_time: Vec<_> = handlings.iter().map(|h| h.on_time).collect();
    let working: Vec<_> = handlings.iter().map(|h| h.working_seconds).collect();
    sqlx::query!(
        "INSERT INTO handlings AS h (ticket_id, round, clock_id, version, due_at, on_time, working_seconds)
         SELECT * FROM UNNEST($1::uuid[], $2::int[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::bool[],
                              $7::bigint[])
         ON CONFLICT (ticket_id, round) DO UPDATE SET
             clock_id = excluded.clock_id, version = excluded.version, due_at = excluded.due_at,
             on_time = excluded.on_time, working_seconds = excluded.working_seconds
         WHERE (h.clock_id, h.version) < (excluded.clock_id, excluded.version)",
        &ticket,
        &round,
        &clock,
        &version,
        &due as _,
        &on_time as _,
        &working as _
    )
    .execute(connection)
    .instrument(sql_span!("handlings.upsert", "INSERT"))
    .await?;
    Ok(())
}
