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
    /// +1 per change.
    pub version: i64,
}

/// Writes names where they are newer than what is stored; each unit once.
pub async fn upsert_units(connection: &mut PgConnection, units: &[UnitName]) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = units.iter().map(|unit| unit.id.clone()).collect();
    let names: Vec<_> = units.iter().map(|unit| unit.name.clone()).collect();
    let versions: Vec<_> = units.iter().map(|unit| unit.version).collect();
    sqlx::query!(
        "INSERT INTO units (id, name, version)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u (id, name, version) ORDER BY id
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version
         WHERE units.version < excluded.version",
        &ids,
        &names,
        &versions,
    )
    .execute(connection)
    .instrument(sql_span!("units.upsert", "INSERT"))
    .await?;
    Ok(())
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
