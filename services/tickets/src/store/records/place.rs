//! Where it is about, as far as everybody may know. Source: T37.

use super::super::state::InvalidState;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::place::PlacePart;

/// Into the state.
pub(crate) fn put(part: &PlacePart, _ticket: &mut pb::Ticket) {
    let PlacePart {} = part;
}

/// Out of the state.
pub(crate) fn take(_ticket: &mut pb::Ticket) -> Result<PlacePart, InvalidState> {
    Ok(PlacePart {})
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}
