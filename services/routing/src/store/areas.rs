//! Table `areas`.

use super::{Store, unreadable};
use gongdan_errors::Error;
use gongdan_region::{RegionCode, RegionRange};
use gongdan_routing_domain::{Area, AreaKey};
use gongdan_telemetry::sql_span;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use std::collections::HashMap;
use tracing::Instrument as _;

/// Which areas; all given must match.
#[derive(Debug, Clone, Default)]
pub struct AreaFilter {
    /// Areas that cover this code.
    pub region: Option<RegionCode>,
    /// Of this unit.
    pub unit_id: Option<String>,
    /// As they were or will be at an instant; none: as they are.
    pub at: Option<jiff::Timestamp>,
}

/// The last area of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaCursor {
    /// Its range.
    pub range: RegionRange,
    /// Its item.
    pub item: String,
}

#[derive(Debug, sqlx::FromRow)]
struct AreaRow {
    id: i64,
    region_from: i64,
    region_to: i64,
    item: String,
    unit_id: String,
}

impl From<AreaRow> for Area {
    fn from(row: AreaRow) -> Self {
        Self {
            id: row.id,
            range: RegionRange { start: row.region_from, end: row.region_to },
            item: row.item,
            unit_id: row.unit_id,
        }
    }
}

impl Store {
    /// At most `limit` areas after a cursor, by region, wider ones first.
    pub async fn list_areas(
        &self,
        filter: &AreaFilter,
        after: Option<&AreaCursor>,
        limit: i64,
    ) -> Result<Vec<Area>, Error> {
        let mut sql = list(filter, after, limit);
        let rows: Vec<AreaRow> = sql
            .build_query_as()
            .fetch_all(&self.pool)
            .instrument(sql_span!("areas.list", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        Ok(rows.into_iter().map(Area::from).collect())
    }

    /// Areas by number, also those that have ended, each with the name of its unit.
    pub async fn areas_by_id(&self, ids: &[i64]) -> Result<HashMap<i64, (Area, String)>, Error> {
        let rows = sqlx::query!(
            "SELECT a.id, a.region_from, a.region_to, a.item, a.unit_id, u.name AS unit_name
             FROM areas a JOIN units u ON u.id = a.unit_id WHERE a.id = ANY ($1)",
            ids,
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("areas.by_id", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        let area =
            |id, start, end, item, unit_id| Area { id, range: RegionRange { start, end }, item, unit_id };
        Ok(rows
            .into_iter()
            .map(|r| (r.id, (area(r.id, r.region_from, r.region_to, r.item, r.unit_id), r.unit_name)))
            .collect())
    }
}

/// The statement of [`Store::list_areas`].
pub(super) fn list(filter: &AreaFilter, after: Option<&AreaCursor>, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("SELECT id, region_from, region_to, item, unit_id FROM ");
    match filter.at {
        None => {
            sql.push("areas WHERE ended_at IS NULL");
        }
        Some(at) => {
            let at = at.to_sqlx();
            // Of what is planned until then the last counts, in place of what is in force now.
            sql.push(
                "(WITH planned AS (
                     SELECT DISTINCT ON (region_from, region_to, item) region_from, region_to, item, unit_id
                     FROM area_plans WHERE begins_at <= ",
            );
            sql.push_bind(at);
            sql.push(
                " ORDER BY region_from, region_to, item, begins_at DESC)
                 SELECT a.id, a.region_from, a.region_to, a.item, a.unit_id FROM areas a WHERE a.begun_at <= ",
            );
            sql.push_bind(at).push(" AND (a.ended_at IS NULL OR a.ended_at > ").push_bind(at);
            sql.push(
                ") AND NOT EXISTS (SELECT FROM planned p WHERE p.region_from = a.region_from
                                       AND p.region_to = a.region_to AND p.item = a.item)
                 UNION ALL
                 SELECT 0, region_from, region_to, item, unit_id FROM planned WHERE unit_id IS NOT NULL) a WHERE true",
            );
        }
    }
    if let Some(region) = filter.region {
        let code = region.as_i64();
        sql.push(" AND region_from <= ").push_bind(code).push(" AND region_to >= ").push_bind(code);
    }
    if let Some(unit) = &filter.unit_id {
        sql.push(" AND unit_id = ").push_bind(unit.clone());
    }
    if let Some(AreaCursor { range, item }) = after {
        sql.push(" AND region_from >= ").push_bind(range.start);
        sql.push(" AND (region_from > ").push_bind(range.start);
        sql.push(" OR region_to < ").push_bind(range.end);
        sql.push(" OR (region_to = ").push_bind(range.end);
        sql.push(" AND item > ").push_bind(item.clone()).push("))");
    }
    sql.push(" ORDER BY region_from, region_to DESC, item LIMIT ").push_bind(limit);
    sql
}

/// Every area in force.
pub(super) async fn in_force(connection: &mut PgConnection) -> Result<Vec<Area>, Error> {
    let rows = sqlx::query_as!(
        AreaRow,
        "SELECT id, region_from, region_to, item, unit_id FROM areas WHERE ended_at IS NULL"
    )
    .fetch_all(connection)
    .instrument(sql_span!("areas.in_force", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    for row in &rows {
        RegionCode::from_i64(row.region_from).map_err(unreadable)?;
    }
    Ok(rows.into_iter().map(Area::from).collect())
}

/// Areas in force of these units.
pub(super) async fn of_units(connection: &mut PgConnection, units: &[String]) -> Result<Vec<Area>, Error> {
    let rows = sqlx::query_as!(
        AreaRow,
        "SELECT id, region_from, region_to, item, unit_id FROM areas WHERE ended_at IS NULL AND unit_id = ANY ($1)",
        units,
    )
    .fetch_all(connection)
    .instrument(sql_span!("areas.of_units", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(rows.into_iter().map(Area::from).collect())
}

/// Ends areas, then begins others.
pub(super) async fn replace(
    connection: &mut PgConnection,
    ended: &[i64],
    begun: &[Area],
    at: jiff::Timestamp,
) -> Result<(), sqlx::Error> {
    if !ended.is_empty() {
        sqlx::query!("UPDATE areas SET ended_at = $2 WHERE id = ANY ($1)", ended, at.to_sqlx() as _)
            .execute(&mut *connection)
            .instrument(sql_span!("areas.end", "UPDATE"))
            .await?;
    }
    if !begun.is_empty() {
        sqlx::query!(
            "INSERT INTO areas (region_from, region_to, item, unit_id, begun_at)
             SELECT n.region_from, n.region_to, n.item, n.unit_id, $5
             FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[]) AS n (region_from, region_to, item, unit_id)",
            &begun.iter().map(|area| area.range.start).collect::<Vec<_>>(),
            &begun.iter().map(|area| area.range.end).collect::<Vec<_>>(),
            &begun.iter().map(|area| area.item.clone()).collect::<Vec<_>>(),
            &begun.iter().map(|area| area.unit_id.clone()).collect::<Vec<_>>(),
            at.to_sqlx() as _,
        )
        .execute(connection)
        .instrument(sql_span!("areas.begin", "INSERT"))
        .await?;
    }
    Ok(())
}

/// What was planned is so from an instant on: areas of other units end, and those of the units that are given begin.
pub(super) async fn become_true(
    connection: &mut PgConnection,
    planned: &[(AreaKey, Option<String>)],
    at: jiff::Timestamp,
) -> Result<(), sqlx::Error> {
    let from: Vec<i64> = planned.iter().map(|(key, _)| key.start).collect();
    let to: Vec<i64> = planned.iter().map(|(key, _)| key.end).collect();
    let items: Vec<String> = planned.iter().map(|(key, _)| key.item.clone()).collect();
    let units: Vec<Option<String>> = planned.iter().map(|(_, unit)| unit.clone()).collect();
    sqlx::query!(
        "UPDATE areas a SET ended_at = greatest($5, a.begun_at)
         FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[]) AS n (region_from, region_to, item, unit_id)
         WHERE a.ended_at IS NULL AND a.region_from = n.region_from AND a.region_to = n.region_to AND a.item = n.item
           AND n.unit_id IS DISTINCT FROM a.unit_id",
        &from,
        &to,
        &items,
        &units as &[Option<String>],
        at.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .instrument(sql_span!("areas.end_planned", "UPDATE"))
    .await?;
    sqlx::query!(
        "INSERT INTO areas (region_from, region_to, item, unit_id, begun_at)
         SELECT n.region_from, n.region_to, n.item, n.unit_id, $5
         FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[]) AS n (region_from, region_to, item, unit_id)
         WHERE n.unit_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM areas a WHERE a.ended_at IS NULL AND a.region_from = n.region_from
                               AND a.region_to = n.region_to AND a.item = n.item)",
        &from,
        &to,
        &items,
        &units as &[Option<String>],
        at.to_sqlx() as _,
    )
    .execute(connection)
    .instrument(sql_span!("areas.begin_planned", "INSERT"))
    .await?;
    Ok(())
}
