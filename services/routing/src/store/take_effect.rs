//! Planned states of units, principals and areas whose time has come: `unit_states`, `units`, `principal_plans`, `principals`,
//! `area_plans`, `areas` and the outbox in one transaction. Source: R1.

use super::{
    Store, area_plans, areas, generation, principal_plans,
    principals::{self, Change},
    unit_states, units,
};
use crate::events;
use gongdan_errors::Error;
use gongdan_proto::routing::v1 as pb;
use gongdan_routing_domain::{
    Principal,
    import::{Due, Standing},
};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap, HashSet};
use tracing::Instrument as _;

/// States of one transaction, of each kind.
const BATCH: i64 = 2_000;

/// How much became true.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Begun {
    /// States of units; each is an event.
    pub units: usize,
    /// States of principals, for the door of this process; each is an event.
    pub principals: Vec<pb::Principal>,
    /// Plans of principals that did not hold any more.
    pub failed: usize,
    /// Areas that went to another unit, or to nobody.
    pub areas: usize,
}

impl Begun {
    fn is_all(&self) -> bool {
        let full = |of: usize| i64::try_from(of).is_ok_and(|of| of == BATCH);
        !full(self.units) && !full(self.principals.len() + self.failed) && !full(self.areas)
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.units + self.principals.len()
    }

    /// Whether nothing was due.
    pub fn is_nothing(&self) -> bool {
        self.events() + self.failed + self.areas == 0
    }
}

impl Store {
    /// When the next planned state begins.
    pub async fn next_change(&self) -> Result<Option<Timestamp>, Error> {
        let next = sqlx::query_scalar!(
            r#"SELECT least((SELECT begins_at FROM unit_states WHERE version IS NULL ORDER BY begins_at, unit_id LIMIT 1),
                            (SELECT begins_at FROM principal_plans WHERE failure IS NULL
                             ORDER BY begins_at, principal_id LIMIT 1),
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
        let all = some.is_all();
        begun.units += some.units;
        begun.principals.extend(some.principals);
        begun.failed += some.failed;
        begun.areas += some.areas;
        if all {
            return Ok(begun);
        }
    }
}

async fn some(connection: &mut PgConnection, now: Timestamp) -> Result<Begun, Error> {
    let units = some_units(connection, now).await?;
    let (principals, failed) = some_principals(connection, now).await?;
    let areas = some_areas(connection, now).await.map_err(gongdan_pg::error)?;
    let begun = Begun { units, principals, failed, areas };
    if !begun.is_nothing() {
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

/// Principals that changed, and how many plans did not hold any more. Who changed several times meanwhile gets a version and an
/// event for each, in their order.
async fn some_principals(
    connection: &mut PgConnection,
    now: Timestamp,
) -> Result<(Vec<pb::Principal>, usize), Error> {
    let due = principal_plans::due(connection, now, BATCH).await.map_err(gongdan_pg::error)?;
    let Some(last) = due.last().map(|plan| plan.at) else { return Ok((Vec::new(), 0)) };
    let (mut plans, mut failed) = (Vec::with_capacity(due.len()), Vec::new());
    for plan in due {
        match plan.principal {
            Ok(principal) => plans.push((plan.at, principal)),
            Err(why) => failed.push((plan.at, plan.id, why)),
        }
    }
    let (standing, mut versions) = standing(connection, &plans, last).await?;
    let due = Due::of(plans, standing);
    failed.extend(due.failed);
    let mut changes = Vec::with_capacity(due.begun.len());
    for (at, before, after) in due.begun {
        let version = versions.entry(after.id.clone()).or_default();
        let before = before.map(|before| (before, *version));
        *version += 1;
        changes.push(Change { at: Some(at), before, after });
    }
    let (changed, told) = principals::change(connection, &changes, now).await.map_err(gongdan_pg::error)?;
    gongdan_outbox::append(connection, &told).await?;
    let begun = changes.iter().filter_map(|change| Some((change.after.id.as_str(), change.at?)));
    principal_plans::delete(connection, begun).await.map_err(gongdan_pg::error)?;
    for (at, id, why) in &failed {
        tracing::warn!(person = %id, %at, why, "a planned change does not hold any more: told by CheckOrganisation");
    }
    principal_plans::fail(connection, &failed).await.map_err(gongdan_pg::error)?;
    Ok((changed, failed.len()))
}

/// What plans stand against, with versions; `last` is the instant at which some may not be among them.
async fn standing(
    connection: &mut PgConnection,
    plans: &[(Timestamp, Principal)],
    last: Timestamp,
) -> Result<(Standing, HashMap<String, i64>), Error> {
    let ids: HashSet<&String> = plans.iter().map(|(_, principal)| &principal.id).collect();
    let named: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
    let tokens: Vec<_> = plans.iter().map(|(_, principal)| principal.token()).collect();
    let (mut principals, mut versions) = (HashMap::new(), HashMap::new());
    for (principal, version) in principals::known(connection, &named, &tokens).await? {
        versions.insert(principal.id.clone(), version);
        principals.insert(principal.id.clone(), principal);
    }
    let others = principals.values().filter(|principal| !ids.contains(&principal.id));
    let others: Vec<_> = others.map(|principal| (principal.id.clone(), principal.token())).collect();
    let giving_up = principal_plans::giving_up(connection, last, &others).await.map_err(gongdan_pg::error)?;
    let units: HashSet<String> =
        plans.iter().flat_map(|(_, principal)| principal.unit_ids.iter().cloned()).collect();
    let units: Vec<String> = units.into_iter().collect();
    let units = units::versions(connection, &units).await.map_err(gongdan_pg::error)?.into_keys().collect();
    Ok((Standing { principals, giving_up, units }, versions))
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
