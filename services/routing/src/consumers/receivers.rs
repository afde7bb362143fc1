//! Which unit received a ticket first in the round it is in (首接负责制), from tickets' event log. Source: R8.

use gongdan_bus::Event;
use gongdan_outbox::{AT_ONCE, ApplyError, OwnerLog};
use gongdan_proto::tickets::v1::{Phase, Ticket, TicketEvent};
use std::collections::HashMap;
use uuid::Uuid;

/// After which a ticket may be with a unit; all others are passed over without a look inside.
const KINDS: [&str; 5] = ["dispatched", "claimed", "escalated", "verified", "reopened"];

/// The first receivers of tickets in their rounds; who is not named had none.
pub(super) async fn first_receivers(
    log: &dyn OwnerLog,
    tickets: &[(Uuid, i32)],
) -> Result<HashMap<Uuid, String>, ApplyError> {
    let types = KINDS.map(|kind| gongdan_bus::event_type("tickets", kind));
    let mut found = HashMap::new();
    for some in tickets.chunks(AT_ONCE) {
        let ids: Vec<Uuid> = some.iter().map(|(id, _)| *id).collect();
        let mut events: HashMap<Uuid, Vec<Event>> = HashMap::new();
        for event in log.fetch_types(&ids, &types).await? {
            events.entry(event.aggregate_id).or_default().push(event);
        }
        for (ticket, round) in some {
            let mut its = events.remove(ticket).unwrap_or_default();
            its.sort_by_key(|event| event.version);
            if let Some(unit) = first(&its, *round)? {
                found.insert(*ticket, unit);
            }
        }
    }
    Ok(found)
}

fn first(events: &[Event], round: i32) -> Result<Option<String>, ApplyError> {
    for event in events.iter().filter(|event| KINDS.contains(&event.kind.as_str())) {
        let state = event.decode::<TicketEvent>()?.state.unwrap_or_default();
        if state.round == round && is_with_unit(&state) {
            return Ok(Some(state.lead_unit_id));
        }
    }
    Ok(None)
}

fn is_with_unit(state: &Ticket) -> bool {
    matches!(state.phase(), Phase::Dispatched | Phase::InProgress) && !state.lead_unit_id.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_bus::Origin;
    use prost::Message as _;

    fn event(version: i64, kind: &str, round: i32, phase: Phase, unit: &str) -> Event {
        let lead_unit_id = unit.to_owned();
        let state = Ticket { phase: phase.into(), version, round, lead_unit_id, ..Ticket::default() };
        let payload = TicketEvent { state: Some(state), ..TicketEvent::default() };
        Event {
            id: Uuid::from_u128(version.unsigned_abs().into()),
            source: "tickets".to_owned(),
            kind: kind.to_owned(),
            aggregate_id: Uuid::from_u128(7),
            version,
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
            origin: Origin::Live,
            subject: String::new(),
            traceparent: None,
            payload: payload.encode_to_vec().into(),
        }
    }

    #[test]
    fn it_is_the_first_unit_of_the_round_that_had_it() {
        let events = [
            event(1, "submitted", 1, Phase::PendingDispatch, ""),
            event(2, "pooled", 1, Phase::PendingDispatch, ""),
            event(3, "claimed", 1, Phase::InProgress, "env"),
            event(4, "transferred", 1, Phase::Dispatched, "roads"),
            event(5, "returned", 1, Phase::PendingDispatch, ""),
            event(6, "dispatched", 1, Phase::Dispatched, "city"),
            event(7, "closed", 1, Phase::Closed, "city"),
            event(8, "reopened", 2, Phase::PendingDispatch, "city"),
            event(9, "escalated", 2, Phase::PendingDispatch, ""),
            event(10, "dispatched", 2, Phase::Dispatched, "desk"),
        ];
        assert_eq!(first(&events, 1).unwrap().as_deref(), Some("env"));
        assert_eq!(first(&events, 2).unwrap().as_deref(), Some("desk"));
        assert_eq!(first(&events[..9], 2).unwrap(), None);
        assert_eq!(first(&events, 3).unwrap(), None);
        // Where the unit goes on with it, it has it from the first on.
        let kept = [
            event(8, "reopened", 2, Phase::InProgress, "env"),
            event(9, "returned", 2, Phase::PendingDispatch, ""),
            event(10, "dispatched", 2, Phase::Dispatched, "desk"),
        ];
        assert_eq!(first(&kept, 2).unwrap().as_deref(), Some("env"));
    }
}
