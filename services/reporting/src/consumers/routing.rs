//! `routing.v1.unit_changed.>`: names of units. A projection of the latest state, which may jump ahead.

use crate::{error::Unreadable, events::required, store::units};
use gongdan_bus::Event;
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::routing::v1::{Unit, UnitEvent};
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Keeps the name of each unit.
pub(crate) struct Units;

#[async_trait::async_trait]
impl Handler for Units {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut latest = BTreeMap::new();
        for event in events.iter().filter(|event| event.kind == "unit_changed") {
            let unit = read(event).map_err(|why| why.poisons(event))?;
            latest.insert(unit.id, (event.version, unit.name));
        }
        let (ids, rest): (Vec<_>, Vec<_>) = latest.into_iter().unzip();
        let (versions, names): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
        units::put(connection, &ids, &versions, &names).await?;
        Ok(())
    }
}

fn read(event: &Event) -> Result<Unit, Unreadable> {
    let message: UnitEvent = event.decode()?;
    required(message.unit, "unit")
}
