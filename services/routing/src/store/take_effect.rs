//! Planned states of units whose time has come: `unit_states`, `units` and the outbox in one transaction. Source: R1.

use super::{Store, generation, unit_states, units};
use crate::events;
use gongdan_errors::Error;
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// States of one transaction.
const BATCH: i64 = 2_000;

impl Store {
    /// Makes planned states true whose time has come, some at a time; says how many.
    ///
    /// # Errors
    /// UNAVAILABLE, INTERNAL.
    pub async fn take_effect(&self, now: Timestamp) -> Result<usize, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        // One replica at a time: what another one made true meanwhile is not due any more.
        generation::lock_writers(&mut transaction).await.map_err(gongdan_pg::error)?;
        let begun = some(&mut transaction, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(begun)
    }
}

/// All that is due, before something else is checked and written against it.
pub(super) async fn all(connection: &mut PgConnection, now: Timestamp) -> Result<usize, Error> {
    let mut begun = 0;
    loop {
        let some = some(connection, now).await?;
        begun += some;
        if i64::try_from(some) != Ok(BATCH) {
            return Ok(begun);
        }
    }
}

/// A unit that changed several times meanwhile gets a version and an event for each, in their order.
async fn some(connection: &mut PgConnection, now: Timestamp) -> Result<usize, Error> {
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
    generation::advance(connection).await.map_err(gongdan_pg::error)?;
    Ok(begun.len())
}
