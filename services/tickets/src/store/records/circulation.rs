//! 传阅: nothing of it is in the state. Source: T34.

use super::super::state::InvalidState;
use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change as PbChange};
use gongdan_tickets_domain::{
    groups::circulation::{Change, Circulations},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Circulations, _ticket: &mut pb::Ticket) {
    let Circulations {} = part;
}

/// Out of the state.
pub(crate) fn take(_ticket: &mut pb::Ticket) -> Result<Circulations, InvalidState> {
    Ok(Circulations {})
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    let Change::Circulated { id, unit, persons, note } = change;
    PbChange::Circulated(pb::Circulated {
        circulation_id: id.to_string(),
        unit_id: unit.to_string(),
        person_ids: persons.iter().map(ToString::to_string).collect(),
        note: mask_numbers(note.as_str()),
    })
}

/// Leaves in an event nothing of a circulation but that there was one, unless it is inside a unit of who looks.
pub(crate) fn hide_outside(event: &mut pb::TicketEvent, units: &[String]) {
    if let Some(PbChange::Circulated(circulated)) = &mut event.change
        && !units.contains(&circulated.unit_id)
    {
        *circulated = pb::Circulated::default();
        event.actor = None;
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Circulated(c) => vec![&mut c.note],
        _ => Vec::new(),
    }
}
