//! Tickets that resolve are queued to be learnt from. Source: R11.
//!
//! Around the handler of tickets' events, in its transaction; the words are read later, by `jobs::learn`. What is imported
//! is left to trainings, which read it from tickets' log.

use crate::store::{self, Resolved};
use async_trait::async_trait;
use gongdan_bus::Event;
use gongdan_clock::SharedClock;
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::tickets::v1::{Ticket, TicketEvent};
use gongdan_region::RegionCode;
use sqlx::PgConnection;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Types of events that say what a ticket turned out to be.
pub const RESOLVES: [&str; 2] = ["resolved", "answered"];

/// Queues tickets that resolve, and lets another handler apply all events.
pub struct Learn {
    /// The other.
    pub inner: Arc<dyn Handler>,
    /// The time.
    pub clock: SharedClock,
}

#[async_trait]
impl Handler for Learn {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        self.inner.apply(connection, events).await?;
        let mut resolved: HashMap<Uuid, Resolved> = HashMap::new();
        for event in events.iter().filter(|event| !event.is_import() && is_resolution(event)) {
            match read(event) {
                Ok(found) => {
                    resolved.insert(event.aggregate_id, found);
                }
                // Routing goes on without it.
                Err(reason) => tracing::warn!(event = %event.id, reason, "a ticket is not learnt from"),
            }
        }
        if resolved.is_empty() {
            return Ok(());
        }
        let mut resolved: Vec<_> = resolved.into_values().collect();
        resolved.sort_by_key(|one| one.ticket_id);
        Ok(store::queue_pending(connection, &resolved, self.clock.now()).await?)
    }

    async fn committed(&self, events: &[Event]) {
        self.inner.committed(events).await;
    }
}

/// Whether an event says what a ticket turned out to be.
pub fn is_resolution(event: &Event) -> bool {
    RESOLVES.contains(&event.kind.as_str())
}

/// What a ticket turned out to be. The reason says what cannot be understood.
pub fn read(event: &Event) -> Result<Resolved, &'static str> {
    let payload: TicketEvent = event.decode().map_err(|_| "the payload is no TicketEvent")?;
    let ticket = payload.state.ok_or("the event has no state")?;
    Ok(Resolved {
        ticket_id: event.aggregate_id,
        version: event.version,
        region: RegionCode::parse(&ticket.region).map_err(|_| "the ticket's region is no code")?,
        unit_id: unit(&ticket).to_owned(),
        item: ticket.item,
    })
}

/// The unit that answers for the cause, else the one that had the ticket.
fn unit(ticket: &Ticket) -> &str {
    let responsible = ticket.resolution.as_ref().map_or("", |resolution| &resolution.responsible_unit_id);
    if responsible.is_empty() { &ticket.lead_unit_id } else { responsible }
}
