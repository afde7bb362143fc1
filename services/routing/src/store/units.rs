//! Table `units`.

use super::{Store, unreadable};
use gongdan_errors::Error;
use gongdan_region::{RegionCode, RegionRange};
use gongdan_routing_domain::{Unit, UnitKind};
use gongdan_telemetry::sql_span;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::{PgConnection, QueryBuilder};
use std::collections::HashMap;
use tracing::Instrument as _;

/// Which units; all given must match.
#[derive(Debug, Clone, Default)]
pub struct UnitFilter {
    /// Region and below.
    pub range: Option<RegionRange>,
    /// Children of a unit.
    pub parent_id: Option<String>,
    /// Of a kind.
    pub kind: Option<UnitKind>,
}

#[derive(Debug, sqlx::FromRow)]
struct UnitRow {
    id: String,
    name: String,
    kind: i16,
    parent_id: Option<String>,
    region: i64,
    valid_from: Option<Timestamp>,
    valid_to: Option<Timestamp>,
    version: i64,
}

pub(super) const fn kind_number(kind: UnitKind) -> i16 {
    match kind {
        UnitKind::Unit => 1,
        UnitKind::Desk => 2,
        UnitKind::Group => 3,
        UnitKind::Centre => 4,
    }
}

impl TryFrom<UnitRow> for (Unit, i64) {
    type Error = Error;

    fn try_from(row: UnitRow) -> Result<Self, Error> {
        let kind = match row.kind {
            1 => UnitKind::Unit,
            2 => UnitKind::Desk,
            3 => UnitKind::Group,
            4 => UnitKind::Centre,
            other => return Err(unreadable(format!("unit {} has kind {other}", row.id))),
        };
        let unit = Unit {
            region: RegionCode::from_i64(row.region).map_err(unreadable)?,
            id: row.id,
            name: row.name,
            kind,
            parent_id: row.parent_id,
            valid_from: row.valid_from.map(Timestamp::to_jiff),
            valid_to: row.valid_to.map(Timestamp::to_jiff),
        };
        Ok((unit, row.version))
    }
}

impl Store {
    /// What units are called.
    pub async fn unit_names(&self, ids: &[String]) -> Result<HashMap<String, String>, Error> {
        let rows = sqlx::query!("SELECT id, name FROM units WHERE id = ANY ($1)", ids)
            .fetch_all(&self.pool)
            .instrument(sql_span!("units.names", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }

    /// A unit and its version.
    pub async fn unit(&self, id: &str) -> Result<Option<(Unit, i64)>, Error> {
        let row = sqlx::query_as!(
            UnitRow,
            "SELECT id, name, kind, parent_id, region, valid_from, valid_to, version FROM units WHERE id = $1",
            id,
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("units.get", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        row.map(TryInto::try_into).transpose()
    }

    /// At most `limit` units whose id is above `after`.
    pub async fn list_units(
        &self,
        filter: &UnitFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(Unit, i64)>, Error> {
        let mut sql = QueryBuilder::new(
            "SELECT id, name, kind, parent_id, region, valid_from, valid_to, version FROM units WHERE id > ",
        );
        sql.push_bind(after.to_owned());
        if let Some(range) = filter.range {
            sql.push(" AND region BETWEEN ").push_bind(range.start).push(" AND ").push_bind(range.end);
        }
        if let Some(parent) = &filter.parent_id {
            sql.push(" AND parent_id = ").push_bind(parent.clone());
        }
        if let Some(kind) = filter.kind {
            sql.push(" AND kind = ").push_bind(kind_number(kind));
        }
        sql.push(" ORDER BY id LIMIT ").push_bind(limit);
        let rows: Vec<UnitRow> = sql
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("units.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// Every unit and its version.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<(Unit, i64)>, Error> {
    let rows = sqlx::query_as!(
        UnitRow,
        "SELECT id, name, kind, parent_id, region, valid_from, valid_to, version FROM units"
    )
    .fetch_all(connection)
    .instrument(sql_span!("units.all", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes units as they are now, new ones and changed ones.
pub(super) async fn write(connection: &mut PgConnection, units: &[(Unit, i64)]) -> Result<(), sqlx::Error> {
    let times = |of: fn(&Unit) -> Option<jiff::Timestamp>| -> Vec<Option<Timestamp>> {
        units.iter().map(|(unit, _)| of(unit).map(|at| at.to_sqlx())).collect()
    };
    sqlx::query!(
        "INSERT INTO units (id, name, kind, parent_id, region, valid_from, valid_to, version)
         SELECT * FROM unnest($1::text[], $2::text[], $3::int2[], $4::text[], $5::int8[], $6::timestamptz[],
                              $7::timestamptz[], $8::int8[])
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, parent_id = excluded.parent_id,
             region = excluded.region, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
             version = excluded.version",
        &units.iter().map(|(unit, _)| unit.id.clone()).collect::<Vec<_>>(),
        &units.iter().map(|(unit, _)| unit.name.clone()).collect::<Vec<_>>(),
        &units.iter().map(|(unit, _)| kind_number(unit.kind)).collect::<Vec<_>>(),
        &units.iter().map(|(unit, _)| unit.parent_id.clone()).collect::<Vec<_>>() as _,
        &units.iter().map(|(unit, _)| unit.region.as_i64()).collect::<Vec<_>>(),
        &times(|unit| unit.valid_from) as _,
        &times(|unit| unit.valid_to) as _,
        &units.iter().map(|(_, version)| *version).collect::<Vec<_>>(),
    )
    .execute(connection)
    .instrument(sql_span!("units.write", "INSERT"))
    .await?;
    Ok(())
}
