//! The words of tickets, from tickets' event log. They are counted and not kept.

use gongdan_bus::Event;
use gongdan_classify::Bag;
use gongdan_errors::Error;
use gongdan_outbox::OwnerLog;
use gongdan_proto::tickets::v1::{DataClass, TicketEvent, ticket_event::Change};
use std::collections::HashMap;
use uuid::Uuid;

/// Types of events that have a ticket's words, or say that they are gone.
const WITH_WORDS: [&str; 5] = ["submitted", "answered", "quarantined", "amended", "erased"];

/// The words of tickets, counted; those that are erased or have none are left out.
///
/// # Errors
/// UNAVAILABLE when tickets is away.
pub async fn words(log: &dyn OwnerLog, tickets: &[Uuid]) -> Result<HashMap<Uuid, Bag>, Error> {
    let types = WITH_WORDS.map(|kind| gongdan_bus::event_type("tickets", kind));
    let mut found = HashMap::new();
    for event in log.fetch_types(tickets, &types).await? {
        match text(&event) {
            Text::Is(subject, body) => {
                found.insert(event.aggregate_id, Bag::of(&subject, &body));
            }
            Text::Gone => {
                found.remove(&event.aggregate_id);
            }
            Text::NotHere => {}
        }
    }
    found.retain(|_, bag| !bag.is_empty());
    Ok(found)
}

enum Text {
    Is(String, String),
    Gone,
    NotHere,
}

/// What an event says of the words; one that cannot be read says nothing.
fn text(event: &Event) -> Text {
    let Ok(payload) = event.decode::<TicketEvent>() else { return Text::NotHere };
    if payload.state.is_some_and(|state| state.erased.contains(&DataClass::Texts.into())) {
        return Text::Gone;
    }
    match payload.change {
        Some(Change::Submitted(text)) => Text::Is(text.subject, text.body),
        Some(Change::Answered(text)) => Text::Is(text.subject, text.body),
        Some(Change::Quarantined(text)) => Text::Is(text.subject, text.body),
        Some(Change::Amended(text)) => Text::Is(text.subject, text.body),
        _ => Text::NotHere,
    }
}
