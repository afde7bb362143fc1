//! `routing.v1.unit_changed.>` → table `units`.
//!
//! A name needs nothing but the latest state of a unit: versions may be jumped over.

use std::collections::BTreeMap;

use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::routing::v1::UnitEvent;
use sqlx::PgConnection;

use crate::store::{UnitName, upsert_units};

/// The types it asks for.
pub const KINDS: &[&str] = &["unit_changed"];

/// Keeps names of units, and which is above which.
#[derive(Debug)]
pub struct Units;

#[async_trait]
impl Handler for Units {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut latest = BTreeMap::new();
        for event in events {
            let change: UnitEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
            let unit = change.unit.ok_or_else(|| ApplyError::poison(event, "it names no unit"))?;
            let kind = i16::try_from(unit.kind).unwrap_or_default();
            let known = UnitName {
                id: unit.id.clone(),
                name: unit.name,
                parent: unit.parent_id,
                kind,
                version: event.version,
            };
            latest.insert(unit.id, known);
        }
        let names: Vec<_> = latest.into_values().collect();
        Ok(upsert_units(connection, &names).await?)
    }
}
