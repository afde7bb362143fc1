//! Planned states of units and areas whose time has come: `unit_states`, `units`, `area_plans`, `areas` and the outbox in one
//! transaction. Source: R1.

use super::{Store, area_plans, areas, generation, unit_states, units};
use crate::events;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use tracing::Instrument as _;

/// States of one transaction, of each kind.
const BATCH: i64 = 2_000;

/// How much became true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begun {
    /// States of units; each is an event.
    pub units: usize,
    /// Areas that went to another unit, or to nobody.
    pub areas: usize,
}

impl Begun {
    fn is_all(self) -> bool {
        let full = |of: usize| i64::try_from(of).is_ok_and(|of| of == BATCH);
        !full(self.units) && !full(self.areas)
    }
}

impl Store {
    /// When the next planned state begins.
    pub async fn next_change(&self) -> Result<Option<Timestamp>, Error> {
        let next = sqlx::query_scalar!(
            r#"SELECT least((SELECT begins_at FROM unit_states WHERE version IS NULL ORDER BY begins_at, unit_id LIMIT 1),
                            (SELECT begins_at FROM area_plans ORDER BY begins_at LIMIT 1)) AS "begins_at: SqlTimestamp""#
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("unit_states.next", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(next.map(SqlTimestamp::to_jiff))
    }

    /// Makes planned states true whose time has come, some at a time; says how many.
    ///
    /// # Errors
    /// UNAVAILABLE, INTERNAL.
    pub async fn take_effect(&self, now: Timestamp) -> Result<Begun, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        // One replica at a time: what another one made true meanwhile is not due any more.
        generation::lock_writers(&mut transaction).await.map_err(gongdan_pg::error)?;
        let begun = some(&mut transaction, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(begun)
    }
}

/// All that is due, before something else is checked and written against it.
pub(super) async fn all(connection: &mut PgConnection, now: Timestamp) -> Result<Begun, Error> {
    let mut begun = Begun::default();
    loop {
        let some = some(connection, now).await?;
        begun.units += some.units;
        begun.areas += some.areas;
        if some.is_all() {
            return Ok(begun);
        }
    }
}

async fn some(connection: &mut PgConnection, now: Timestamp) -> Result<Begun, Error> {
    let begun = Begun {
        units: some_units(connection, now).await?,
        areas: some_areas(connection, now).await.map_err(gongdan_pg::error)?,
    };
    if begun != Begun::default() {
        generation::advance(connection).await.map_err(gongdan_pg::error)?;
    }
    Ok(begun)
}

/// A unit that changed several times meanwhile gets a version and an event for each, in their order.
async fn some_units(connection: &mut PgConnection, now: Timestamp) -> Result<usize, Error> {
    let due = unit_states::due(connection, now, BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let ids: Vec<String> = due.iter().map(|(_, unit)| unit.id.clone()).collect();
    let mut versions = units::versions(connection, &ids).await.map_err(gongdan_pg::error)?;
    let (mut begun, mut latest) = (Vec::with_capacity(due.len()), BTreeMap::new());
    for (at, unit) in due {
        let version = versions.entry(unit.id.clone()).or_default();
        *version += 1;
        latest.insert(unit.id.clone(), (unit.clone(), *version));
        begun.push((at, unit, *version));
    }
    let latest: Vec<_> = latest.into_values().collect();
    units::write(connection, &latest).await.map_err(gongdan_pg::error)?;
    unit_states::begun(connection, &begun).await.map_err(gongdan_pg::error)?;
    let told: Vec<_> =
        begun.iter().map(|(at, unit, version)| events::unit_changed(unit, *version, *at, now)).collect();
    gongdan_outbox::append(connection, &told).await?;
    Ok(begun.len())
}

/// Each instant by itself, in their order: an area that went through several hands meanwhile was each one's for its time.
async fn some_areas(connection: &mut PgConnection, now: Timestamp) -> Result<usize, sqlx::Error> {
    let due = area_plans::due(connection, now, BATCH).await?;
    let mut by_instant: BTreeMap<Timestamp, Vec<_>> = BTreeMap::new();
    for (at, key, unit) in &due {
        by_instant.entry(*at).or_default().push((key.clone(), unit.clone()));
    }
    for (at, planned) in by_instant {
        areas::become_true(connection, &planned, at).await?;
    }
    if !due.is_empty() {
        area_plans::delete(connection, due.iter().map(|(at, key, _)| (*at, key))).await?;
    }
    Ok(due.len())
}
