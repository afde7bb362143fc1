//! The workflow it follows. Source: T31.

use super::super::state::InvalidState;
use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change as PbChange};
use gongdan_tickets_domain::groups::workflow::{Change, WorkflowPart};

/// Into the state.
pub(crate) fn put(part: &WorkflowPart, _ticket: &mut pb::Ticket) {
    let WorkflowPart {} = part;
}

/// Out of the state.
pub(crate) fn take(_ticket: &mut pb::Ticket) -> Result<WorkflowPart, InvalidState> {
    Ok(WorkflowPart {})
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match *change {}
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(_change: &mut PbChange) -> Vec<&mut String> {
    Vec::new()
}
