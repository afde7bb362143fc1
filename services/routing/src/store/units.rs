//! Table `units`.

use super::{Store, unreadable};
use gongdan_errors::Error;
use gongdan_region::{RegionCode, RegionRange};
use gongdan_routing_domain::{Unit, UnitKind};
use gongdan_telemetry::sql_span;
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::{PgConnection, Postgres, QueryBuilder};
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
    /// As it was or will be then, and only those that take part then.
    pub at: Option<jiff::Timestamp>,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct UnitRow {
    pub id: String,
    pub name: String,
    pub kind: i16,
    pub parent_id: Option<String>,
    pub region: i64,
    pub valid_from: Option<Timestamp>,
    pub valid_to: Option<Timestamp>,
    pub version: i64,
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

/// A unit at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitAt {
    /// As it is then.
    pub unit: Unit,
    /// Its version; 0: it is not so yet.
    pub version: i64,
    /// Since when; none: since it was first told of.
    pub since: Option<jiff::Timestamp>,
    /// When it changes next.
    pub changes_at: Option<jiff::Timestamp>,
}

#[derive(Debug, sqlx::FromRow)]
struct AtRow {
    #[sqlx(flatten)]
    unit: UnitRow,
    since: Option<Timestamp>,
    changes_at: Option<Timestamp>,
}

impl TryFrom<AtRow> for UnitAt {
    type Error = Error;

    fn try_from(row: AtRow) -> Result<Self, Error> {
        let (unit, version) = row.unit.try_into()?;
        let (since, changes_at) = (row.since.map(Timestamp::to_jiff), row.changes_at.map(Timestamp::to_jiff));
        Ok(Self { unit, version, since, changes_at })
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

    /// A unit as it is, or as it was or will be at an instant.
    pub async fn unit(&self, id: &str, at: Option<jiff::Timestamp>) -> Result<Option<UnitAt>, Error> {
        let mut sql = states(at);
        sql.push(" WHERE u.id = ").push_bind(id.to_owned());
        let row: Option<AtRow> = sql
            .build_query_as()
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
    ) -> Result<Vec<UnitAt>, Error> {
        let rows: Vec<AtRow> = list(filter, after, limit)
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("units.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// Units, each in one of its states.
fn states(at: Option<jiff::Timestamp>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT u.id, s.name, s.kind, s.parent_id, s.region, s.valid_from, s.valid_to, coalesce(s.version, 0) AS version,
                nullif(s.begins_at, '0001-01-01T00:00:00Z') AS since,
                (SELECT min(n.begins_at) FROM unit_states n WHERE n.unit_id = u.id AND n.begins_at > s.begins_at)
                    AS changes_at
         FROM units u CROSS JOIN LATERAL (SELECT * FROM unit_states c WHERE c.unit_id = u.id AND ",
    );
    match at {
        Some(at) => sql.push("c.begins_at <= ").push_bind(at.to_sqlx()),
        None => sql.push("c.version IS NOT NULL"),
    };
    sql.push(" ORDER BY c.begins_at DESC LIMIT 1) s");
    sql
}

pub(super) fn list(filter: &UnitFilter, after: &str, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = states(filter.at);
    sql.push(" WHERE u.id > ").push_bind(after.to_owned());
    // What is so now stands in `units` too, where an index finds it.
    let of = if filter.at.is_some() { "s" } else { "u" };
    if let Some(range) = filter.range {
        sql.push(format!(" AND {of}.region BETWEEN "))
            .push_bind(range.start)
            .push(" AND ")
            .push_bind(range.end);
    }
    if let Some(parent) = &filter.parent_id {
        sql.push(format!(" AND {of}.parent_id = ")).push_bind(parent.clone());
    }
    if let Some(kind) = filter.kind {
        sql.push(format!(" AND {of}.kind = ")).push_bind(kind_number(kind));
    }
    if let Some(at) = filter.at {
        sql.push(" AND (s.valid_from IS NULL OR s.valid_from <= ").push_bind(at.to_sqlx());
        sql.push(") AND (s.valid_to IS NULL OR s.valid_to > ").push_bind(at.to_sqlx()).push(")");
    }
    sql.push(" ORDER BY u.id LIMIT ").push_bind(limit);
    sql
}

/// The versions of units.
pub(super) async fn versions(
    connection: &mut PgConnection,
    ids: &[String],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query!("SELECT id, version FROM units WHERE id = ANY ($1)", ids)
        .fetch_all(connection)
        .instrument(sql_span!("units.versions", "SELECT"))
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.version)).collect())
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
