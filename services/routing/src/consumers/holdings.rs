//! Who holds which ticket, from tickets' events: what `loads` counts as held, who returned it, who had the customer's last
//! ticket.

use crate::store::{About, Holding, LastHandler, LoadChanges, Matter, holdings, last_handlers};
use gongdan_bus::Event;
use gongdan_outbox::ApplyError;
use gongdan_proto::{
    common::v1::PrincipalKind,
    tickets::v1::{DataClass, Phase, Ticket, TicketEvent, ticket_event::Change},
};
use gongdan_region::RegionCode;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// The types after which somebody else may hold a ticket, or nobody; all others are passed over without a look inside.
pub const KINDS: [&str; 17] = [
    "dispatched",
    "pooled",
    "accepted",
    "claimed",
    "returned",
    "transferred",
    "resolved",
    "review_approved",
    "closed",
    "reopened",
    "cancelled",
    "escalated",
    "merged",
    "merge_undone",
    "verified",
    "erased",
    // Nobody else holds it then, but a decision about who is to hold it is made for a version, and never twice for one.
    "decision_refused",
];

/// What a batch says of one ticket.
#[derive(Debug, Default)]
struct Told {
    version: i64,
    state: Ticket,
    /// Who held it last within the batch, and from when on.
    holder: Option<(String, jiff::Timestamp)>,
    /// People who returned it in the round it is in.
    returned: Vec<String>,
    /// The contact is erased.
    forgotten: bool,
}

/// What a batch comes to.
#[derive(Debug, Default)]
pub struct Holders(HashMap<Uuid, Told>);

impl Holders {
    /// Takes an event in; the reason says why it cannot be understood.
    pub fn take(&mut self, event: &Event) -> Result<(), &'static str> {
        if !KINDS.contains(&event.kind.as_str()) {
            return Ok(());
        }
        let payload: TicketEvent = event.decode().map_err(|_| "the payload is no TicketEvent")?;
        let state = payload.state.ok_or("the event has no state")?;
        let change = payload.change.ok_or("the event has no change")?;
        let told = self.0.entry(event.aggregate_id).or_default();
        if event.version <= told.version {
            return Ok(());
        }
        if told.state.round != state.round {
            told.returned.clear();
        }
        match change {
            // Whoever puts it back into the pool, it was the claimant's; the state says whose.
            Change::Returned(returned) if !returned.to_pool => {
                let by = payload.actor.filter(|actor| actor.kind() == PrincipalKind::Person);
                told.returned.extend(by.map(|actor| actor.id));
            }
            Change::Erased(erased) => {
                told.forgotten |= erased.classes().any(|class| class == DataClass::Contact);
            }
            _ => {}
        }
        if let Some(person) = holder(&state) {
            told.holder = Some((person.to_owned(), event.occurred_at));
        }
        (told.version, told.state) = (event.version, state);
        Ok(())
    }

    /// Writes who holds the tickets now; answers what that makes of loads.
    pub async fn write(&self, connection: &mut PgConnection) -> Result<LoadChanges, ApplyError> {
        let mut changes = LoadChanges::new();
        if self.0.is_empty() {
            return Ok(changes);
        }
        let tickets: Vec<Uuid> = self.0.keys().copied().collect();
        let before = holdings::read(connection, &tickets).await?;
        let mut after = Vec::new();
        let mut handlers: BTreeMap<Matter, LastHandler> = BTreeMap::new();
        for (ticket, told) in &self.0 {
            let known = before.get(ticket);
            if known.is_some_and(|known| told.version <= known.version) {
                continue;
            }
            let person = holder(&told.state).map(ToOwned::to_owned);
            let was = known.and_then(|known| known.person_id.clone());
            if was != person {
                let held = |who: &Option<String>, by: i32, changes: &mut LoadChanges| {
                    if let Some(who) = who {
                        changes.entry(who.clone()).or_default().held += by;
                    }
                };
                held(&was, -1, &mut changes);
                held(&person, 1, &mut changes);
            }
            let mut returned_by = match known {
                Some(known) if known.round == told.state.round => known.returned_by.clone(),
                _ => Vec::new(),
            };
            returned_by.extend(told.returned.iter().filter(|by| !by.contains(',')).cloned());
            returned_by.dedup();
            if let Some((who, since)) = &told.holder
                && was.as_ref() != Some(who)
                && let Ok(customer) = Uuid::try_parse(&told.state.customer_id)
            {
                let handler = LastHandler { person_id: who.clone(), ticket_id: *ticket, since: *since };
                let matter = (customer, told.state.item.clone());
                if handlers.get(&matter).is_none_or(|other| other.since <= *since) {
                    handlers.insert(matter, handler);
                }
            }
            let put_back_by: Vec<String> =
                told.state.put_back_by_ids.iter().filter(|by| !by.contains(',')).cloned().collect();
            let unit_id = unit(&told.state).map(ToOwned::to_owned);
            // Most tickets are nobody's until they are dispatched: those need no row.
            let nobodys = person.is_none() && unit_id.is_none();
            if known.is_some() || !nobodys || !returned_by.is_empty() || !put_back_by.is_empty() {
                let (version, round) = (told.version, told.state.round);
                let about = about(&told.state);
                let holding =
                    Holding { version, round, person_id: person, unit_id, returned_by, put_back_by, about };
                after.push((*ticket, holding));
            }
        }
        holdings::write(connection, &after).await?;
        last_handlers::write(connection, &handlers).await?;
        let forgotten: Vec<Uuid> =
            self.0.iter().filter(|(_, told)| told.forgotten).map(|(ticket, _)| *ticket).collect();
        last_handlers::forget(connection, &forgotten).await?;
        Ok(changes)
    }
}

/// What a ticket is called, where it is and what about.
pub fn about(ticket: &Ticket) -> Option<About> {
    let region = RegionCode::parse(&ticket.region).ok()?;
    Some(About { number: ticket.number.clone(), region, item: ticket.item.clone() })
}

/// Whether somebody has a ticket in hand.
fn in_hand(ticket: &Ticket) -> bool {
    matches!(ticket.phase(), Phase::Dispatched | Phase::InProgress | Phase::Suspended | Phase::InReview)
}

/// The person who has a ticket in hand.
fn holder(ticket: &Ticket) -> Option<&str> {
    Some(ticket.handler_id.as_str()).filter(|id| in_hand(ticket) && !id.is_empty())
}

/// The unit that has a ticket in hand, or in whose pool it waits.
fn unit(ticket: &Ticket) -> Option<&str> {
    let unit = match ticket.phase() {
        Phase::PendingDispatch => ticket.pool_unit_id.as_str(),
        _ if in_hand(ticket) => ticket.lead_unit_id.as_str(),
        _ => "",
    };
    Some(unit).filter(|unit| !unit.is_empty())
}

/// People who returned tickets in the round these are in.
pub(super) async fn returned_by(
    connection: &mut PgConnection,
    tickets: &[(Uuid, i32)],
) -> Result<HashMap<Uuid, Vec<String>>, ApplyError> {
    let ids: Vec<Uuid> = tickets.iter().map(|(id, _)| *id).collect();
    let mut known = holdings::read(connection, &ids).await?;
    let rounds: HashSet<(Uuid, i32)> = tickets.iter().copied().collect();
    known.retain(|id, holding| rounds.contains(&(*id, holding.round)));
    Ok(known.into_iter().map(|(id, holding)| (id, holding.returned_by)).collect())
}
