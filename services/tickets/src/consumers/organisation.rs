//! routing's `principal_changed` and `unit_changed`: who callers are, and which units there are.
//!
//! A projection of nothing but the latest state of each, so it may jump ahead over versions (`latest_only`).

use crate::store::units;
use async_trait::async_trait;
use gongdan_auth::PrincipalProjection;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::{from_timestamp, routing::v1::UnitEvent};
use jiff::Timestamp;
use sqlx::PgConnection;

/// The consumer's name.
pub(crate) const NAME: &str = "tickets-organisation";
/// What it is for.
pub(crate) const EVENTS: [&str; 2] = ["principal_changed", "unit_changed"];

/// Keeps `principals` and `units`.
pub(crate) struct Organisation {
    principals: PrincipalProjection,
}

impl Organisation {
    pub(crate) fn new(principals: PrincipalProjection) -> Self {
        Self { principals }
    }
}

#[async_trait]
impl Handler for Organisation {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        self.principals.apply(connection, events).await?;
        for event in events.iter().filter(|event| event.kind == "unit_changed") {
            let change: UnitEvent = event.decode().map_err(|error| ApplyError::undecodable(event, &error))?;
            let unit = change.unit.ok_or_else(|| ApplyError::poison(event, "the event names no unit"))?;
            let (from, to) = (instant(event, unit.valid_from)?, instant(event, unit.valid_to)?);
            units::upsert(connection, &unit, from, to, event.version).await?;
        }
        Ok(())
    }

    async fn committed(&self, events: &[Event]) {
        self.principals.committed(events).await;
    }
}

fn instant(event: &Event, at: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, ApplyError> {
    at.map(|at| from_timestamp(&at).map_err(|error| ApplyError::poison(event, error))).transpose()
}
