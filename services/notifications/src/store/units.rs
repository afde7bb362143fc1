//! Table `units`.

use std::collections::HashMap;

use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;

/// The name of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitName {
    /// The unit.
    pub id: String,
    /// What people read.
    pub name: String,
    /// The unit above; empty for a root.
    pub parent: String,
    /// The contract's number of what it is.
    pub kind: i16,
    /// +1 per change.
    pub version: i64,
}

/// Writes names where they are newer than what is stored; each unit once.
pub async fn upsert_units(connection: &mut PgConnection, units: &[UnitName]) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = units.iter().map(|unit| unit.id.clone()).collect();
    let names: Vec<_> = units.iter().map(|unit| unit.name.clone()).collect();
    let parents: Vec<_> = units.iter().map(|unit| unit.parent.clone()).collect();
    let kinds: Vec<_> = units.iter().map(|unit| unit.kind).collect();
    let versions: Vec<_> = units.iter().map(|unit| unit.version).collect();
    sqlx::query!(
        "INSERT INTO units (id, name, version, parent_id, kind)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::smallint[])
           AS u (id, name, version, parent_id, kind) ORDER BY id
         ON CONFLICT (id) DO UPDATE
         SET name = excluded.name, version = excluded.version, parent_id = excluded.parent_id, kind = excluded.kind
         WHERE units.version < excluded.version",
        &ids,
        &names,
        &versions,
        &parents,
        &kinds,
    )
    .execute(connection)
    .instrument(sql_span!("units.upsert", "INSERT"))
    .await?;
    Ok(())
}

/// Who is above a unit; empty where nobody is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Above {
    /// The unit right above.
    pub parent: String,
    /// The centre it belongs to: the nearest above, else the only one there is.
    pub centre: String,
}

/// What is above these units, by id; unknown ones are left out.
pub async fn above(
    connection: &mut PgConnection,
    ids: &[String],
) -> Result<HashMap<String, Above>, sqlx::Error> {
    // Deeper than any organisation, and an end for one whose units are above each other.
    let rows = sqlx::query!(
        r#"WITH RECURSIVE up AS (
             SELECT id AS unit, id, parent_id, kind, 0 AS steps FROM units WHERE id = ANY($1)
             UNION ALL
             SELECT up.unit, u.id, u.parent_id, u.kind, up.steps + 1
             FROM up JOIN units u ON u.id = up.parent_id WHERE up.steps < 16)
           SELECT unit AS "unit!", (array_agg(parent_id ORDER BY steps))[1] AS "parent!",
                  COALESCE((array_agg(id ORDER BY steps) FILTER (WHERE kind = 4))[1],
                           (SELECT min(id) FROM units WHERE kind = 4 HAVING count(*) = 1), '') AS "centre!"
           FROM up GROUP BY unit"#,
        ids
    )
    .fetch_all(connection)
    .instrument(sql_span!("units.above", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| (row.unit, Above { parent: row.parent, centre: row.centre })).collect())
}

/// The names of these units, by id; unknown ones are left out.
pub async fn unit_names(
    connection: &mut PgConnection,
    ids: &[String],
) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows = sqlx::query!("SELECT id, name FROM units WHERE id = ANY($1)", ids)
        .fetch_all(connection)
        .instrument(sql_span!("units.names", "SELECT"))
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
