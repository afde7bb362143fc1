//! Answers that were lost on their way in: tickets has answered, and the event that says so was set aside here and discarded.
//! A decision that was sent several times is looked for in tickets' event log; what is found there is taken in as if it came
//! now. Source: DESIGN rule 14.
//!
//! Tickets answers each decision once, however often it is sent: a second answer would be another version of the ticket and
//! another line of its timeline whenever this service is slow to listen.

use crate::{
    Rooms,
    consumers::{answered_decision, tickets::Tickets},
};
use gongdan_bus::Event;
use gongdan_errors::Error;
use gongdan_outbox::{AT_ONCE, Handler as _};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A decision that was sent so often is looked for: before that tickets, or this service, is only slow.
const SENT: i64 = 4;
/// What tickets answers with.
const KINDS: [&str; 4] = ["dispatched", "pooled", "transferred", "decision_refused"];

/// A decision that was sent again.
pub struct SentAgain {
    /// The decision.
    pub id: Uuid,
    /// Its ticket.
    pub ticket: Uuid,
    /// How often it was sent.
    pub times: i64,
}

/// Looks for answers to those that were sent often enough; says how many it found and took in.
pub async fn take_in(rooms: &Rooms, tickets: &Tickets, sent: &[SentAgain]) -> Result<usize, Error> {
    let old: Vec<&SentAgain> = sent.iter().filter(|one| one.times >= SENT).collect();
    let kinds = KINDS.map(|kind| gongdan_bus::event_type("tickets", kind));
    let mut taken = 0;
    for some in old.chunks(AT_ONCE) {
        let wanted: HashSet<Uuid> = some.iter().map(|one| one.id).collect();
        let of: HashSet<Uuid> = some.iter().map(|one| one.ticket).collect();
        let of: Vec<Uuid> = of.into_iter().collect();
        let heard = rooms.store.heard(&of).await?;
        for event in rooms.tickets_log.fetch_types(&of, &kinds).await? {
            if answers(&event, &wanted, &heard) && took_in(rooms, tickets, event).await? {
                taken += 1;
            }
        }
    }
    Ok(taken)
}

/// Whether it answers one of these, and will not come by itself.
fn answers(event: &Event, wanted: &HashSet<Uuid>, heard: &HashMap<Uuid, i64>) -> bool {
    let passed = heard.get(&event.aggregate_id).is_some_and(|version| event.version <= *version);
    passed && answered_decision(event).is_some_and(|decision| wanted.contains(&decision))
}

/// As the consumer would have; what still cannot be taken in keeps no other from it.
async fn took_in(rooms: &Rooms, tickets: &Tickets, event: Event) -> Result<bool, Error> {
    let events = [event];
    let mut transaction = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if let Err(error) = tickets.apply(&mut transaction, &events).await {
        let [event] = &events;
        tracing::warn!(ticket = %event.aggregate_id, event = %event.id, %error, "a lost answer cannot be taken in");
        return Ok(false);
    }
    transaction.commit().await.map_err(gongdan_pg::error)?;
    tickets.committed(&events).await;
    rooms.relay.wake();
    Ok(true)
}
