//! Table `unit_states`: what units were, are and are to be. Source: R1, effective dates.

use super::units::{UnitRow, kind_number};
use gongdan_errors::Error;
use gongdan_routing_domain::{Planned, Unit};
use gongdan_telemetry::sql_span;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashMap;
use tracing::Instrument as _;

/// States, each with when it begins and, once it has begun, its version.
pub type Dated = Vec<(jiff::Timestamp, Unit)>;

/// All that is planned, by unit.
pub(super) async fn planned(connection: &mut PgConnection) -> Result<HashMap<String, Planned>, Error> {
    let mut planned: HashMap<String, Planned> = HashMap::new();
    for (begins_at, unit) in begin_by(connection, None, i64::MAX).await? {
        planned.entry(unit.id.clone()).or_default().insert(begins_at, unit);
    }
    Ok(planned)
}

/// Planned states that begin until an instant, in their order.
pub(super) async fn due(
    connection: &mut PgConnection,
    until: jiff::Timestamp,
    limit: i64,
) -> Result<Dated, Error> {
    begin_by(connection, Some(until), limit).await
}

async fn begin_by(
    connection: &mut PgConnection,
    until: Option<jiff::Timestamp>,
    limit: i64,
) -> Result<Dated, Error> {
    let rows = sqlx::query!(
        r#"SELECT begins_at AS "begins_at: Timestamp", unit_id, name, kind, parent_id, region,
                  valid_from AS "valid_from: Timestamp", valid_to AS "valid_to: Timestamp"
           FROM unit_states WHERE version IS NULL AND ($1::timestamptz IS NULL OR begins_at <= $1)
           ORDER BY begins_at, unit_id LIMIT $2"#,
        until.map(|until| until.to_sqlx()) as _,
        limit,
    )
    .fetch_all(connection)
    .instrument(sql_span!("unit_states.planned", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter()
        .map(|row| {
            let unit = UnitRow {
                id: row.unit_id,
                name: row.name,
                kind: row.kind,
                parent_id: row.parent_id,
                region: row.region,
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                version: 0,
            };
            let (unit, _) = unit.try_into()?;
            Ok((row.begins_at.to_jiff(), unit))
        })
        .collect()
}

/// Units as they are from now on: behind the state before, should a clock have gone back since.
pub(super) async fn begin(
    connection: &mut PgConnection,
    units: &[(Unit, i64)],
    by: &str,
    now: jiff::Timestamp,
) -> Result<(), sqlx::Error> {
    let (ids, versions): (Vec<String>, Vec<i64>) =
        units.iter().map(|(unit, version)| (unit.id.clone(), *version)).unzip();
    sqlx::query!(
        "INSERT INTO unit_states (unit_id, begins_at, name, kind, parent_id, region, valid_from, valid_to, version,
                                  recorded_at, recorded_by)
         SELECT u.id, CASE n.version WHEN 1 THEN '0001-01-01T00:00:00Z'
                      ELSE greatest($3, (SELECT max(s.begins_at) + interval '1 microsecond' FROM unit_states s
                                         WHERE s.unit_id = u.id AND s.version IS NOT NULL)) END,
                u.name, u.kind, u.parent_id, u.region, u.valid_from, u.valid_to, n.version, $3, $4
         FROM unnest($1::text[], $2::int8[]) AS n (id, version) JOIN units u ON u.id = n.id",
        &ids,
        &versions,
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("unit_states.begin", "INSERT"))
    .await?;
    Ok(())
}

/// Plans states, in place of those planned for the same instants.
pub(super) async fn plan(
    connection: &mut PgConnection,
    states: &Dated,
    by: &str,
    now: jiff::Timestamp,
) -> Result<(), sqlx::Error> {
    let times = |of: fn(&Unit) -> Option<jiff::Timestamp>| -> Vec<Option<Timestamp>> {
        states.iter().map(|(_, unit)| of(unit).map(|at| at.to_sqlx())).collect()
    };
    sqlx::query!(
        "INSERT INTO unit_states (unit_id, begins_at, name, kind, parent_id, region, valid_from, valid_to, recorded_at,
                                  recorded_by)
         SELECT n.*, $9, $10
         FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::int2[], $5::text[], $6::int8[], $7::timestamptz[],
                     $8::timestamptz[]) AS n
         ON CONFLICT ON CONSTRAINT unit_states_pkey DO UPDATE SET name = excluded.name, kind = excluded.kind,
             parent_id = excluded.parent_id, region = excluded.region, valid_from = excluded.valid_from,
             valid_to = excluded.valid_to, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by
         WHERE unit_states.version IS NULL",
        &states.iter().map(|(_, unit)| unit.id.clone()).collect::<Vec<_>>(),
        &states.iter().map(|(at, _)| at.to_sqlx()).collect::<Vec<_>>() as _,
        &states.iter().map(|(_, unit)| unit.name.clone()).collect::<Vec<_>>(),
        &states.iter().map(|(_, unit)| kind_number(unit.kind)).collect::<Vec<_>>(),
        &states.iter().map(|(_, unit)| unit.parent_id.clone()).collect::<Vec<_>>() as _,
        &states.iter().map(|(_, unit)| unit.region.as_i64()).collect::<Vec<_>>(),
        &times(|unit| unit.valid_from) as _,
        &times(|unit| unit.valid_to) as _,
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("unit_states.plan", "INSERT"))
    .await?;
    Ok(())
}

/// Gives planned states up.
pub(super) async fn give_up(
    connection: &mut PgConnection,
    states: &[(String, jiff::Timestamp)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM unit_states s USING unnest($1::text[], $2::timestamptz[]) AS n (unit_id, begins_at)
         WHERE s.unit_id = n.unit_id AND s.begins_at = n.begins_at AND s.version IS NULL",
        &states.iter().map(|(unit, _)| unit.clone()).collect::<Vec<_>>(),
        &states.iter().map(|(_, at)| at.to_sqlx()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .instrument(sql_span!("unit_states.give_up", "DELETE"))
    .await?;
    Ok(())
}

/// Planned states have begun, each with its version.
pub(super) async fn begun(
    connection: &mut PgConnection,
    states: &[(jiff::Timestamp, Unit, i64)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE unit_states s SET version = n.version
         FROM unnest($1::text[], $2::timestamptz[], $3::int8[]) AS n (unit_id, begins_at, version)
         WHERE s.unit_id = n.unit_id AND s.begins_at = n.begins_at",
        &states.iter().map(|(_, unit, _)| unit.id.clone()).collect::<Vec<_>>(),
        &states.iter().map(|(at, ..)| at.to_sqlx()).collect::<Vec<_>>() as _,
        &states.iter().map(|(.., version)| *version).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("unit_states.begun", "UPDATE"))
    .await?;
    Ok(())
}
