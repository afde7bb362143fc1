//! 直接答复. Source: T3.

use super::super::state::InvalidState;
use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change as PbChange};
use gongdan_tickets_domain::groups::answer::{Answer, Change};

/// Into the state.
pub(crate) fn put(part: &Answer, ticket: &mut pb::Ticket) {
    let Answer { first_contact } = part;
    ticket.first_contact = *first_contact;
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Answer, InvalidState> {
    Ok(Answer { first_contact: ticket.first_contact })
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change, subject: String, body: String) -> PbChange {
    let Change::Answered { elapsed_seconds, .. } = change;
    PbChange::Answered(pb::Answered { elapsed_seconds: *elapsed_seconds, subject, body })
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Answered(c) => vec![&mut c.subject, &mut c.body],
        _ => Vec::new(),
    }
}
