//! 升级. Source: T13.

use super::super::state::{InvalidState, text};
use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change as PbChange};
use gongdan_tickets_domain::{
    groups::escalation::{Change, Escalations},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Escalations, ticket: &mut pb::Ticket) {
    let Escalations { count } = part;
    ticket.escalation_count = *count;
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Escalations, InvalidState> {
    Ok(Escalations { count: ticket.escalation_count })
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    let Change::Escalated { tier, from_tier, from, to, person, reason } = change;
    PbChange::Escalated(pb::Escalated {
        tier: *tier,
        from_tier: *from_tier,
        from_unit_id: text(from.as_ref()),
        to_unit_id: text(to.as_ref()),
        to_person_id: text(person.as_ref()),
        reason: mask_numbers(reason.as_str()),
    })
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Escalated(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
