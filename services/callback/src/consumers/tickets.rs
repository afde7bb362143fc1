//! `tickets.v1.>`: a task for each resolved round, and the end of tasks whose ticket went on without them.
//!
//! Contiguous per ticket: a later round must not be seen before the earlier. A batch takes three statements and an
//! append, however many events it has.

use crate::{
    events::{new_event, service_actor},
    store::{LoadError, end_many, erase, insert_many, lock_outstanding},
    telemetry::Metrics,
};
use async_trait::async_trait;
use gongdan_bus::Event;
use gongdan_callback_domain::{Batch, Fact, Policy, Task, TicketRef, TicketWent};
use gongdan_clock::{SharedClock, new_id};
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::{
    from_timestamp,
    tickets::v1::{DataClass, Ticket, TicketEvent, ticket_event::Change},
};
use gongdan_region::RegionCode;
use sqlx::PgConnection;
use std::{collections::HashSet, sync::Arc};
use uuid::Uuid;

/// The events that mean something here.
pub const KINDS: &[&str] = &["resolved", "answered", "closed", "reopened", "cancelled", "merged", "erased"];

/// Applies the events of tickets.
pub struct Tickets {
    policy: Arc<Policy>,
    clock: SharedClock,
    metrics: Metrics,
    /// Of a hundred tickets answered at intake so many are asked about. Source: T3.
    sampled_percent: u8,
}

impl Tickets {
    /// With how callbacks are done.
    pub const fn new(policy: Arc<Policy>, clock: SharedClock, metrics: Metrics, sampled_percent: u8) -> Self {
        Self { policy, clock, metrics, sampled_percent }
    }
}

#[async_trait]
impl Handler for Tickets {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        self.follow(connection, events).await?;
        // After what came before it in the batch was written.
        forget(connection, events).await
    }
}

impl Tickets {
    /// Tasks that begin and end with their tickets.
    async fn follow(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut facts = Vec::with_capacity(events.len());
        for event in events {
            let fact =
                fact(event, self.sampled_percent).map_err(|reason| ApplyError::poison(event, reason))?;
            facts.extend(fact);
        }
        if facts.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let outstanding = outstanding(connection, &facts).await?;
        let mut batch = Batch::new(outstanding, &self.policy, now);
        for fact in facts {
            batch.apply(fact, new_id(now));
        }
        let done = batch.finish();
        let mut written = insert_many(connection, &done.born).await?;
        end_many(connection, &done.ended).await?;
        written.extend(done.ended.iter().map(|task| task.id));

        let actor = service_actor();
        let acts: Vec<_> = done.acts.iter().filter(|act| written.contains(&act.task.id)).collect();
        let events: Vec<_> = acts.iter().map(|act| new_event(act, &actor, now)).collect();
        gongdan_outbox::append(connection, &events).await?;
        for act in acts {
            self.metrics.changed(act);
        }
        Ok(())
    }
}

/// What tickets erased goes here too. Source: X11.
async fn forget(connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
    let (mut contacts, mut texts) = (Vec::new(), Vec::new());
    for event in events.iter().filter(|event| event.kind == "erased") {
        let payload: TicketEvent = event.decode().map_err(|e| ApplyError::undecodable(event, &e))?;
        let Some(Change::Erased(erased)) = payload.change else {
            return Err(ApplyError::poison(event, "the event has no change"));
        };
        if erased.classes().any(|class| class == DataClass::Contact) {
            contacts.push(event.aggregate_id);
        }
        if erased.classes().any(|class| class == DataClass::Texts) {
            texts.push(event.aggregate_id);
        }
    }
    if contacts.is_empty() && texts.is_empty() {
        return Ok(());
    }
    erase(connection, &contacts, &texts).await?;
    contacts.extend(texts);
    gongdan_outbox::forget_discarded(connection, &contacts).await?;
    Ok(())
}

/// What was outstanding before these facts; the past never was.
async fn outstanding(connection: &mut PgConnection, facts: &[Fact]) -> Result<Vec<Task>, ApplyError> {
    let tickets: HashSet<Uuid> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Resolved { ticket } => Some(ticket.id),
            Fact::Went { ticket_id, .. } => Some(*ticket_id),
            Fact::Past { .. } => None,
        })
        .collect();
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    let tickets: Vec<Uuid> = tickets.into_iter().collect();
    lock_outstanding(connection, &tickets).await.map_err(|error| match error {
        LoadError::Sql(error) => ApplyError::from(error),
        LoadError::Row(error) => ApplyError::from(error),
    })
}

/// What an event means here; most mean nothing. The reason says why it cannot be understood.
fn fact(event: &Event, sampled_percent: u8) -> Result<Option<Fact>, &'static str> {
    let went = |went| Ok(Some(Fact::Went { ticket_id: event.aggregate_id, went }));
    match (event.kind.as_str(), event.is_import()) {
        ("resolved", false) => {
            let ticket = ticket_ref(&state(event)?)?;
            Ok(Some(Fact::Resolved { ticket }))
        }
        ("answered", false) if is_sampled(event.aggregate_id, sampled_percent) => {
            let ticket = ticket_ref(&state(event)?)?;
            Ok(Some(Fact::Resolved { ticket }))
        }
        ("closed", false) => went(TicketWent::Closed),
        ("reopened", false) => went(TicketWent::Reopened),
        ("cancelled", false) => went(TicketWent::Cancelled),
        ("merged", false) => went(TicketWent::Merged),
        ("closed", true) => {
            let state = state(event)?;
            if state.resolution.is_none() {
                return Ok(None);
            }
            let resolved_at = state.resolved_at.as_ref().and_then(|at| from_timestamp(at).ok());
            let closed_at = event.occurred_at;
            let ticket = ticket_ref(&state)?;
            Ok(Some(Fact::Past { ticket, resolved_at: resolved_at.unwrap_or(closed_at), closed_at }))
        }
        _ => Ok(None),
    }
}

/// The same of a ticket however often it is asked.
fn is_sampled(ticket: Uuid, percent: u8) -> bool {
    ticket.as_u128() % 100 < u128::from(percent)
}

fn state(event: &Event) -> Result<Ticket, &'static str> {
    let payload: TicketEvent = event.decode().map_err(|_| "the payload is no TicketEvent")?;
    payload.state.ok_or("the event has no state")
}

fn ticket_ref(ticket: &Ticket) -> Result<TicketRef, &'static str> {
    let customer_id = match ticket.customer_id.as_str() {
        "" => None,
        id => Some(Uuid::try_parse(id).map_err(|_| "customer_id is no UUID")?),
    };
    if ticket.round < 1 || ticket.number.is_empty() {
        return Err("the ticket has no round or no number");
    }
    Ok(TicketRef {
        id: Uuid::try_parse(&ticket.id).map_err(|_| "the ticket's id is no UUID")?,
        number: ticket.number.clone(),
        round: ticket.round,
        unit_id: ticket.lead_unit_id.clone(),
        region: RegionCode::parse(&ticket.region).map_err(|_| "the ticket's region is no code")?,
        customer_id,
        confidential: ticket.confidential,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t03_a_sample_has_its_size_and_is_the_same_every_time() {
        let tickets: Vec<Uuid> =
            (0..10_000_u32).map(|n| gongdan_clock::stable_id("ticket", &n.to_string())).collect();
        for percent in [0, 10, 100] {
            let sampled = tickets.iter().filter(|ticket| is_sampled(**ticket, percent)).count();
            let expected = usize::from(percent) * 100;
            assert!(sampled.abs_diff(expected) <= 150 && (percent != 0 || sampled == 0), "{sampled}");
            assert!(
                tickets.iter().all(|ticket| is_sampled(*ticket, percent) == is_sampled(*ticket, percent))
            );
        }
    }
}
