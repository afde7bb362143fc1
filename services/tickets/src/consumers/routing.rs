//! routing's `decided`: applied, or refused because the ticket has moved on. Source: DESIGN rule 14.
//!
//! A decision is answered once, by an event of the ticket; what routing sends again after that is passed over.

use super::apply::{Acts, system};
use crate::{Rooms, store::decisions};
use async_trait::async_trait;
use gongdan_outbox::{ApplyError, Event, Handler};
use gongdan_proto::routing::v1::{DecisionEvent, decision_event::Target as PbTarget};
use gongdan_tickets_domain::{
    Decision, HandoverCause, Marks, Named, Order, PrincipalId, Priority, Reason, Target, UnitId,
};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

/// The consumer's name.
pub(crate) const NAME: &str = "tickets-routing";
/// What it is for.
pub(crate) const EVENTS: [&str; 1] = ["decided"];

/// Answers decisions.
pub(crate) struct Routing {
    rooms: Arc<Rooms>,
}

impl Routing {
    pub(crate) fn new(rooms: Arc<Rooms>) -> Self {
        Self { rooms }
    }
}

#[async_trait]
impl Handler for Routing {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut decisions = Vec::with_capacity(events.len());
        for event in events.iter().filter(|event| event.kind == "decided") {
            decisions.push((event, decode(event)?));
        }
        let ids: Vec<Uuid> = decisions.iter().map(|(_, (_, decision))| decision.id).collect();
        let mut answered = decisions::answered(connection, &ids).await?;
        let now = self.rooms.clock.now();
        let mut acts = Acts::new(&self.rooms);
        for (event, (ticket, decision)) in decisions {
            // The same decision may be in one batch twice.
            if answered.insert(decision.id) {
                let (id, by) =
                    (decision.id, system("routing").map_err(|error| ApplyError::Failed(error.into()))?);
                acts.add(event, ticket, Some(id), move |ticket| {
                    Some(ticket.decide(decision.clone(), &by, now).into_changed())
                });
            }
        }
        acts.apply(connection).await
    }

    async fn committed(&self, _events: &[Event]) {
        self.rooms.wake();
    }
}

fn decode(event: &Event) -> Result<(Uuid, Decision), ApplyError> {
    let pb: DecisionEvent = event.decode().map_err(|error| ApplyError::undecodable(event, &error))?;
    let poison =
        |field: &str, error: &dyn std::fmt::Display| ApplyError::poison(event, format!("{field}: {error}"));
    let unit = |id: &str| UnitId::parse(id).map_err(|error| poison("unit_id", &error));
    let person = |id: &str| {
        (!id.is_empty())
            .then(|| PrincipalId::parse(id).map_err(|error| poison("person_id", &error)))
            .transpose()
    };
    let target = match pb.target {
        Some(PbTarget::Dispatch(to)) if pb.handover.is_some() => {
            let handover = pb.handover.unwrap_or_default();
            let named = |field: &str, id: &str, name: String| {
                let id = PrincipalId::parse(id).map_err(|error| poison(field, &error))?;
                Ok::<_, ApplyError>(Named { id, name })
            };
            let started_by = handover.started_by.map(|by| named("handover.started_by", &by.id, by.name));
            let from = named("handover.from_person_id", &handover.from_person_id, handover.from_person_name)?;
            let order = Order {
                started_by: started_by.transpose()?,
                from: Some(from.clone()),
                cause: HandoverCause::from_number(handover.cause),
            };
            Target::Handover {
                from: from.id,
                unit: unit(&to.unit_id)?,
                person: person(&to.person_id)?,
                reason: Reason::parse(&handover.reason).map_err(|error| poison("handover.reason", &error))?,
                order,
            }
        }
        Some(PbTarget::Dispatch(to)) => {
            Target::Unit { unit: unit(&to.unit_id)?, person: person(&to.person_id)? }
        }
        Some(PbTarget::Pool(pool)) => Target::Pool {
            unit: (!pool.unit_id.is_empty()).then(|| unit(&pool.unit_id)).transpose()?,
            reason: pool.reason,
            claim_limit: u32::try_from(pool.claim_limit).map_err(|error| poison("claim_limit", &error))?,
        },
        None => return Err(ApplyError::poison(event, "a decision without target")),
    };
    let marks = Marks { sensitive: pb.mark_sensitive, priority: Priority::from_number(pb.set_priority) };
    let id = Uuid::parse_str(&pb.decision_id).map_err(|error| poison("decision_id", &error))?;
    let ticket = Uuid::parse_str(&pb.ticket_id).map_err(|error| poison("ticket_id", &error))?;
    Ok((ticket, Decision { id, ticket_version: pb.ticket_version, target, marks }))
}
