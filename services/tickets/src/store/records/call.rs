//! Calls that belong to it. Source: T35.

use super::super::state::{InvalidState, invalid};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
};
use gongdan_tickets_domain::groups::call::{CallId, Calls, Change};

/// Into the state.
pub(crate) fn put(part: &Calls, ticket: &mut pb::Ticket) {
    ticket.call_ids = part.linked.iter().map(ToString::to_string).collect();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Calls, InvalidState> {
    let linked = ticket
        .call_ids
        .iter()
        .map(|id| CallId::parse(id).map_err(|error| invalid("call_ids", error)))
        .collect::<Result<_, _>>()?;
    Ok(Calls { linked })
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Linked { call, seat } => {
            PbChange::CallLinked(pb::CallLinked { call_id: call.to_string(), seat: seat.as_str().to_owned() })
        }
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(_change: &mut PbChange) -> Vec<&mut String> {
    Vec::new()
}
