//! Acts that events of others ask for, applied many in one transaction with the consumer's versions.

use crate::{
    Rooms, events,
    store::{save::Save, tickets, update::Updated, writer::Batch as _},
};
use gongdan_outbox::{ApplyError, Event};
use gongdan_tickets_domain::{
    Actor, Changed, InvalidName, PrincipalId, PrincipalKind, Ticket,
    workflow::{Acting, Workflow, govern},
};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Rounds in which acts that lost a race are decided again.
const ATTEMPTS: usize = 5;

/// One of our services as an actor.
pub(crate) fn system(service: &str) -> Result<Actor, InvalidName> {
    let id = PrincipalId::parse(&format!("service.{service}"))?;
    Ok(Actor { name: id.to_string(), id, kind: PrincipalKind::Service, any_unit: true, unit_ids: Vec::new() })
}

type Decide = Box<dyn Fn(Ticket) -> Option<Changed> + Send + Sync>;

struct Wanted {
    event: Uuid,
    traceparent: Option<String>,
    decision: Option<Uuid>,
    decide: Decide,
}

/// Acts on tickets, in the order they were asked for.
pub(super) struct Acts<'a> {
    rooms: &'a Rooms,
    wanted: HashMap<Uuid, Vec<Wanted>>,
    order: Vec<Uuid>,
}

impl<'a> Acts<'a> {
    pub(super) fn new(rooms: &'a Rooms) -> Self {
        Self { rooms, wanted: HashMap::new(), order: Vec::new() }
    }

    /// `decide` may be asked again when somebody else changed the ticket meanwhile; none leaves the ticket alone.
    pub(super) fn add(
        &mut self,
        event: &Event,
        ticket: Uuid,
        decision: Option<Uuid>,
        decide: impl Fn(Ticket) -> Option<Changed> + Send + Sync + 'static,
    ) {
        let wanted = self.wanted.entry(ticket).or_insert_with(|| {
            self.order.push(ticket);
            Vec::new()
        });
        let traceparent = event.traceparent.clone();
        wanted.push(Wanted { event: event.id, traceparent, decision, decide: Box::new(decide) });
    }

    /// Decides and writes all. An event about a ticket that is not there is poison.
    pub(super) async fn apply(mut self, connection: &mut PgConnection) -> Result<(), ApplyError> {
        if self.order.is_empty() {
            return Ok(());
        }
        for _ in 0..ATTEMPTS {
            let saves = self.decide(connection).await?;
            if saves.is_empty() {
                return Ok(());
            }
            // Always in the same order, so that two transactions never wait for each other.
            let updated = Save::run(connection, &saves).await?;
            let lost = saves.iter().zip(updated).filter(|(_, u)| *u == Updated::Lost).map(|(s, _)| s.row.id);
            self.order = lost.collect();
            if self.order.is_empty() {
                return Ok(());
            }
        }
        Err(ApplyError::Transient(anyhow::anyhow!("{} tickets keep changing", self.order.len())))
    }

    async fn decide(&self, connection: &mut PgConnection) -> Result<Vec<Save>, ApplyError> {
        let mut found: HashMap<Uuid, _> =
            tickets::states(connection, &self.order).await?.into_iter().collect();
        let now = self.rooms.clock.now();
        let mut saves = Vec::with_capacity(self.order.len());
        for id in &self.order {
            let wanted = self.wanted.get(id).map(Vec::as_slice).unwrap_or_default();
            let poison = |reason: String| ApplyError::Poison {
                event_id: wanted.first().map_or_else(Uuid::nil, |w| w.event),
                reason,
            };
            let state = found.remove(id).ok_or_else(|| poison("no such ticket".to_owned()))?;
            let state = state.map_err(|error| poison(error.to_string()))?;
            let workflow = self.rooms.tickets.workflows.of(&state).await;
            let workflow = workflow.map_err(|error| ApplyError::Transient(anyhow::anyhow!("{error}")))?;
            if let Some(changed) = fold(state, wanted, &workflow, now) {
                let mut save = Save::new(&changed, events::write(&changed, now), None, now);
                let last = wanted.last();
                save.traceparent = save.traceparent.or_else(|| last.and_then(|w| w.traceparent.clone()));
                save.decisions = wanted.iter().filter_map(|w| w.decision).collect();
                saves.push(save);
            }
        }
        saves.sort_by_key(|save| save.row.id);
        Ok(saves)
    }
}

/// All acts on one ticket as one.
fn fold(ticket: Ticket, wanted: &[Wanted], workflow: &Workflow, at: Timestamp) -> Option<Changed> {
    let mut whole: Option<Changed> = None;
    for want in wanted {
        let now = whole.as_ref().map_or_else(|| ticket.clone(), |changed| changed.ticket.clone());
        let Some(next) = (want.decide)(now.clone()) else { continue };
        if let Some(next) = held(now, next, want, workflow, at) {
            whole = Some(match whole {
                Some(before) => before.and(next),
                None => next,
            });
        }
    }
    whole
}

/// The act, held to the ticket's workflow; a decision that it refuses is answered, other acts are passed over.
fn held(before: Ticket, next: Changed, want: &Wanted, workflow: &Workflow, at: Timestamp) -> Option<Changed> {
    let by = next.events().next().map(|event| event.actor.clone());
    let refusal = match govern(workflow, next, Acting::Program) {
        Ok(next) => return Some(next),
        Err(refusal) => refusal,
    };
    tracing::warn!(ticket = %before.number, %refusal, "the workflow of a ticket refuses what an event asks for");
    let refused = before.refuse_decision(want.decision?, refusal.to_string(), &by?, at);
    govern(workflow, refused, Acting::Program).ok()
}
