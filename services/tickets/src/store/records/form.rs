//! Form, type and channel standard it was taken down under. Source: T1, T6, T7.

use super::super::state::InvalidState;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::form::FormPart;

/// Into the state.
pub(crate) fn put(part: &FormPart, _ticket: &mut pb::Ticket) {
    let FormPart {} = part;
}

/// Out of the state.
pub(crate) fn take(_ticket: &mut pb::Ticket) -> Result<FormPart, InvalidState> {
    Ok(FormPart {})
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}
