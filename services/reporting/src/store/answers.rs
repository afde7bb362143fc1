//! Table `answers`.

use gongdan_reporting_domain::Answer;
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use tracing::Instrument;

/// Adds completed callbacks, at most one per task; a row of a later version stays. One statement for all.
pub(crate) async fn put(connection: &mut PgConnection, answers: &[&Answer]) -> Result<(), sqlx::Error> {
    if answers.is_empty() {
        return Ok(());
    }
    let task: Vec<_> = answers.iter().map(|a| a.task).collect();
    let version: Vec<_> = answers.iter().map(|a| a.version).collect();
    let ticket: Vec<_> = answers.iter().map(|a| a.ticket).collect();
    let round: Vec<_> = answers.iter().map(|a| a.round).collect();
    let completed: Vec<_> = answers.iter().map(|a| a.completed_at.to_sqlx()).collect();
    let contacted: Vec<_> = answers.iter().map(|a| a.contacted).collect();
    let solved: Vec<_> = answers.iter().map(|a| a.solved).collect();
    let satisfied: Vec<_> = answers.iter().map(|a| a.satisfied).collect();
    sqlx::query!(
        "INSERT INTO answers AS a (task_id, version, ticket_id, round, completed_at, contacted, solved, satisfied)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::timestamptz[], $6::bool[],
                              $7::bool[], $8::bool[])
         ON CONFLICT (task_id) DO UPDATE SET
             version = excluded.version, ticket_id = excluded.ticket_id, round = excluded.round,
             completed_at = excluded.completed_at, contacted = excluded.contacted, solved = excluded.solved,
             satisfied = excluded.satisfied
         WHERE a.version < excluded.version",
        &task,
        &version,
        &ticket,
        &round,
        &completed as _,
        &contacted,
        &solved,
        &satisfied
    )
    .execute(connection)
    .instrument(sql_span!("answers.upsert", "INSERT"))
    .await?;
    Ok(())
}
