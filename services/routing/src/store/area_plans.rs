//! Table `area_plans`: who is to answer for areas, and from when on. Source: R1, effective dates.

use gongdan_routing_domain::{AreaKey, AreaPlan};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgConnection;
use std::collections::HashMap;
use tracing::Instrument as _;

/// Who answers for areas from an instant on; none: nobody.
pub type Planned = Vec<(Timestamp, AreaKey, Option<String>)>;

/// All that is planned, by area.
pub(super) async fn all(connection: &mut PgConnection) -> Result<HashMap<AreaKey, AreaPlan>, sqlx::Error> {
    let mut planned: HashMap<AreaKey, AreaPlan> = HashMap::new();
    for (begins_at, key, unit) in begin_by(connection, None, i64::MAX).await? {
        planned.entry(key).or_default().insert(begins_at, unit);
    }
    Ok(planned)
}

/// What begins until an instant, in its order.
pub(super) async fn due(
    connection: &mut PgConnection,
    until: Timestamp,
    limit: i64,
) -> Result<Planned, sqlx::Error> {
    begin_by(connection, Some(until), limit).await
}

async fn begin_by(
    connection: &mut PgConnection,
    until: Option<Timestamp>,
    limit: i64,
) -> Result<Planned, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT begins_at AS "begins_at: SqlTimestamp", region_from, region_to, item, unit_id
           FROM area_plans WHERE $1::timestamptz IS NULL OR begins_at <= $1
           ORDER BY begins_at, region_from, region_to, item LIMIT $2"#,
        until.map(|until| until.to_sqlx()) as _,
        limit,
    )
    .fetch_all(connection)
    .instrument(sql_span!("area_plans.planned", "SELECT"))
    .await?;
    let planned = rows.into_iter().map(|row| {
        let key = AreaKey { start: row.region_from, end: row.region_to, item: row.item };
        (row.begins_at.to_jiff(), key, row.unit_id)
    });
    Ok(planned.collect())
}

/// Plans, in place of what was planned for the same instants.
pub(super) async fn plan(
    connection: &mut PgConnection,
    planned: &Planned,
    by: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let keys = Keys::of(planned.iter().map(|(at, key, _)| (*at, key)));
    sqlx::query!(
        "INSERT INTO area_plans (begins_at, region_from, region_to, item, unit_id, recorded_at, recorded_by)
         SELECT n.begins_at, n.region_from, n.region_to, n.item, n.unit_id, $6, $7
         FROM unnest($1::timestamptz[], $2::int8[], $3::int8[], $4::text[], $5::text[])
              AS n (begins_at, region_from, region_to, item, unit_id)
         ON CONFLICT ON CONSTRAINT area_plans_pkey
             DO UPDATE SET unit_id = excluded.unit_id, recorded_at = excluded.recorded_at,
                           recorded_by = excluded.recorded_by",
        &keys.begin as _,
        &keys.from,
        &keys.to,
        &keys.items,
        &planned.iter().map(|(_, _, unit)| unit.clone()).collect::<Vec<_>>() as &[Option<String>],
        now.to_sqlx() as _,
        by,
    )
    .execute(connection)
    .instrument(sql_span!("area_plans.plan", "INSERT"))
    .await?;
    Ok(())
}

/// Takes plans out: they are given up, or have become true.
pub(super) async fn delete<'k>(
    connection: &mut PgConnection,
    plans: impl Iterator<Item = (Timestamp, &'k AreaKey)>,
) -> Result<(), sqlx::Error> {
    let keys = Keys::of(plans);
    sqlx::query!(
        "DELETE FROM area_plans p
         USING unnest($1::timestamptz[], $2::int8[], $3::int8[], $4::text[])
               AS n (begins_at, region_from, region_to, item)
         WHERE p.begins_at = n.begins_at AND p.region_from = n.region_from AND p.region_to = n.region_to
           AND p.item = n.item",
        &keys.begin as _,
        &keys.from,
        &keys.to,
        &keys.items,
    )
    .execute(connection)
    .instrument(sql_span!("area_plans.delete", "DELETE"))
    .await?;
    Ok(())
}

/// The columns of keys.
#[derive(Default)]
struct Keys {
    begin: Vec<SqlTimestamp>,
    from: Vec<i64>,
    to: Vec<i64>,
    items: Vec<String>,
}

impl Keys {
    fn of<'k>(plans: impl Iterator<Item = (Timestamp, &'k AreaKey)>) -> Self {
        let mut keys = Self::default();
        for (at, key) in plans {
            keys.begin.push(at.to_sqlx());
            keys.from.push(key.start);
            keys.to.push(key.end);
            keys.items.push(key.item.clone());
        }
        keys
    }
}
