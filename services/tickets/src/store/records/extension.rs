//! 延时申请. Source: T17.

use super::{
    super::state::{InvalidState, actor, actor_ref, known, time, uuid},
    text_of,
};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    groups::extension::{Change, Extension, ExtensionState, Extensions},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Extensions, ticket: &mut pb::Ticket) {
    let Extensions { list } = part;
    ticket.extensions = list.iter().map(extension).collect();
}

fn extension(extension: &Extension) -> pb::Extension {
    pb::Extension {
        id: extension.id.to_string(),
        round: extension.round,
        state: extension.state.number(),
        due_before: Some(to_timestamp(extension.due_before)),
        requested_until: Some(to_timestamp(extension.requested_until)),
        approved_until: extension.approved_until.map(to_timestamp),
        requested_by: Some(actor_ref(&extension.requested_by)),
        requested_at: Some(to_timestamp(extension.requested_at)),
        decided_by: extension.decided_by.as_ref().map(actor_ref),
        decided_at: extension.decided_at.map(to_timestamp),
        ..pb::Extension::default()
    }
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Extensions, InvalidState> {
    let list = std::mem::take(&mut ticket.extensions).into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Extensions { list })
}

fn read(pb: pb::Extension) -> Result<Extension, InvalidState> {
    const FIELD: &str = "extensions";
    Ok(Extension {
        id: known(FIELD, uuid(FIELD, &pb.id)?)?,
        round: pb.round,
        state: known(FIELD, ExtensionState::from_number(pb.state))?,
        due_before: known(FIELD, time(FIELD, pb.due_before)?)?,
        requested_until: known(FIELD, time(FIELD, pb.requested_until)?)?,
        approved_until: time(FIELD, pb.approved_until)?,
        requested_by: actor(FIELD, known(FIELD, pb.requested_by)?)?,
        requested_at: known(FIELD, time(FIELD, pb.requested_at)?)?,
        decided_by: pb.decided_by.map(|by| actor(FIELD, by)).transpose()?,
        decided_at: time(FIELD, pb.decided_at)?,
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for extension in &mut ticket.extensions {
        extension.reason = text_of(texts, &extension.id, "reason");
        extension.decision = text_of(texts, &extension.id, "decision");
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    ticket.extensions.iter_mut().flat_map(|e| [&mut e.requested_by, &mut e.decided_by]).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Requested { id, due_before, requested_until, reason } => {
            PbChange::ExtensionRequested(pb::ExtensionRequested {
                extension_id: id.to_string(),
                due_before: Some(to_timestamp(*due_before)),
                requested_until: Some(to_timestamp(*requested_until)),
                reason: mask_numbers(reason.as_str()),
            })
        }
        Change::Approved { id, approved_until, decision } => {
            PbChange::ExtensionApproved(pb::ExtensionApproved {
                extension_id: id.to_string(),
                approved_until: Some(to_timestamp(*approved_until)),
                decision: mask_numbers(decision.as_str()),
            })
        }
        Change::Rejected { id, decision } => PbChange::ExtensionRejected(pb::ExtensionRejected {
            extension_id: id.to_string(),
            decision: mask_numbers(decision.as_str()),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::ExtensionRequested(c) => vec![&mut c.reason],
        PbChange::ExtensionApproved(c) => vec![&mut c.decision],
        PbChange::ExtensionRejected(c) => vec![&mut c.decision],
        _ => Vec::new(),
    }
}
