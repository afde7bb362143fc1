//! From which units tickets were escalated in the round they are in, from tickets' event log. Source: T13, R5.

use gongdan_bus::Event;
use gongdan_outbox::{AT_ONCE, ApplyError, OwnerLog};
use gongdan_proto::tickets::v1::{TicketEvent, ticket_event::Change};
use std::collections::HashMap;
use uuid::Uuid;

const KIND: &str = "escalated";

/// The units from which tickets were escalated in their rounds, each once.
pub(super) async fn escalated_from(
    log: &dyn OwnerLog,
    tickets: &[(Uuid, i32)],
) -> Result<HashMap<Uuid, Vec<String>>, ApplyError> {
    let mut found = HashMap::<Uuid, Vec<String>>::new();
    for some in tickets.chunks(AT_ONCE) {
        let rounds: HashMap<Uuid, i32> = some.iter().copied().collect();
        let ids: Vec<Uuid> = rounds.keys().copied().collect();
        for event in log.pick(&ids, KIND).await? {
            let ticket = event.aggregate_id;
            if let Some(unit) = rounds.get(&ticket).map(|round| from(&event, *round)).transpose()?.flatten() {
                let units = found.entry(ticket).or_default();
                if !units.contains(&unit) {
                    units.push(unit);
                }
            }
        }
    }
    Ok(found)
}

fn from(event: &Event, round: i32) -> Result<Option<String>, ApplyError> {
    let payload = event.decode::<TicketEvent>()?;
    let same = payload.state.is_some_and(|state| state.round == round);
    Ok(match payload.change {
        Some(Change::Escalated(escalated)) if same => {
            Some(escalated.from_unit_id).filter(|unit| !unit.is_empty())
        }
        _ => None,
    })
}
