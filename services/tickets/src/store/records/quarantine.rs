//! 隔离区. Source: T12.

use super::super::state::{InvalidState, time};
use gongdan_proto::{
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    groups::quarantine::{Change, Quarantine},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Quarantine, ticket: &mut pb::Ticket) {
    let Quarantine { until } = part;
    ticket.quarantined_until = until.map(to_timestamp);
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Quarantine, InvalidState> {
    Ok(Quarantine { until: time("quarantined_until", ticket.quarantined_until.take())? })
}

/// Texts of its records into an answer.
pub(crate) fn fill(_ticket: &mut pb::Ticket, _texts: &super::Texts) {}

/// All whom its records name.
pub(crate) fn actors(_ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    Vec::new()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Quarantined { until, subject, body } => PbChange::Quarantined(pb::Quarantined {
            until: Some(to_timestamp(*until)),
            subject: mask_numbers(subject.as_str()),
            body: mask_numbers(body.as_str()),
        }),
        Change::Verified { unit } => PbChange::Verified(pb::Verified {
            unit_id: unit.as_ref().map(ToString::to_string).unwrap_or_default(),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::Quarantined(change) => vec![&mut change.subject, &mut change.body],
        _ => Vec::new(),
    }
}
