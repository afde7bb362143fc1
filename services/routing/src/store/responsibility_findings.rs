//! Responsibilities of units that end and of people who are gone, counted. Source: R1, R5.

use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use tracing::Instrument as _;

/// How many go on after the unit they are of; each unit with when it ends. Units without any are left out.
pub(super) async fn of_ending(
    connection: &mut PgConnection,
    ends: &[(String, Timestamp)],
    now: Timestamp,
) -> Result<HashMap<String, i64>, sqlx::Error> {
    if ends.is_empty() {
        return Ok(HashMap::new());
    }
    let (units, ends): (Vec<String>, Vec<SqlTimestamp>) =
        ends.iter().map(|(unit, end)| (unit.clone(), (*end).max(now).to_sqlx())).unzip();
    let rows = sqlx::query!(
        r#"SELECT r.unit_id, count(*) AS "count!"
           FROM unnest($1::text[], $2::timestamptz[]) AS e (unit_id, ends_at)
           JOIN responsibilities r ON r.unit_id = e.unit_id
           WHERE r.valid_to IS NULL OR r.valid_to > e.ends_at GROUP BY r.unit_id"#,
        &units,
        &ends as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("responsibilities.of_ending", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| (row.unit_id, row.count)).collect())
}

/// How many there are of people who are not active or do not belong to the unit any more, by person and unit; of these people,
/// or of all.
pub(super) async fn of_gone(
    connection: &mut PgConnection,
    people: Option<&[String]>,
    now: Timestamp,
) -> Result<BTreeMap<(String, String), i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT r.person_id, r.unit_id, count(*) AS "count!"
           FROM responsibilities r LEFT JOIN principals p ON p.id = r.person_id
           WHERE ($1::text[] IS NULL OR r.person_id = ANY ($1)) AND (r.valid_to IS NULL OR r.valid_to > $2)
             AND (p.id IS NULL OR NOT (p.active AND r.unit_id = ANY (p.unit_ids)))
           GROUP BY 1, 2"#,
        people as _,
        now.to_sqlx() as _,
    )
    .fetch_all(connection)
    .instrument(sql_span!("responsibilities.of_gone", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| ((row.person_id, row.unit_id), row.count)).collect())
}
