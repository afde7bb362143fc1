//! Table `reservations`: decisions in favour of a person that tickets has not answered yet.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

/// Writes what `loads` counts as reserved.
pub async fn insert(
    connection: &mut PgConnection,
    reservations: &[(Uuid, String)],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if reservations.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO reservations (decision_id, person_id, reserved_at)
         SELECT n.decision_id, n.person_id, $3 FROM unnest($1::uuid[], $2::text[]) AS n (decision_id, person_id)",
        &reservations.iter().map(|(decision, _)| *decision).collect::<Vec<_>>(),
        &reservations.iter().map(|(_, person)| person.clone()).collect::<Vec<_>>(),
        now.to_sqlx() as _,
    )
    .execute(connection)
    .instrument(sql_span!("reservations.insert", "INSERT"))
    .await?;
    Ok(())
}

/// Ends reservations of decisions that are answered or have been overtaken; answers whose they were, once for each.
pub async fn release(connection: &mut PgConnection, decisions: &[Uuid]) -> Result<Vec<String>, sqlx::Error> {
    if decisions.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar!(
        "DELETE FROM reservations WHERE decision_id = ANY ($1) RETURNING person_id",
        decisions
    )
    .fetch_all(connection)
    .instrument(sql_span!("reservations.release", "DELETE"))
    .await
}
