//! 挂起. Source: T16.

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
    groups::suspension::{Change, Suspension, SuspensionState, Suspensions},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Suspensions, ticket: &mut pb::Ticket) {
    let Suspensions { list } = part;
    ticket.suspensions = list.iter().map(suspension).collect();
}

fn suspension(suspension: &Suspension) -> pb::Suspension {
    pb::Suspension {
        id: suspension.id.to_string(),
        round: suspension.round,
        state: suspension.state.number(),
        until: suspension.until.map(to_timestamp),
        requested_by: Some(actor_ref(&suspension.requested_by)),
        requested_at: Some(to_timestamp(suspension.requested_at)),
        decided_by: suspension.decided_by.as_ref().map(actor_ref),
        decided_at: suspension.decided_at.map(to_timestamp),
        ended_at: suspension.ended_at.map(to_timestamp),
        ..pb::Suspension::default()
    }
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Suspensions, InvalidState> {
    let list = std::mem::take(&mut ticket.suspensions).into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Suspensions { list })
}

fn read(pb: pb::Suspension) -> Result<Suspension, InvalidState> {
    const FIELD: &str = "suspensions";
    Ok(Suspension {
        id: known(FIELD, uuid(FIELD, &pb.id)?)?,
        round: pb.round,
        state: known(FIELD, SuspensionState::from_number(pb.state))?,
        until: time(FIELD, pb.until)?,
        requested_by: actor(FIELD, known(FIELD, pb.requested_by)?)?,
        requested_at: known(FIELD, time(FIELD, pb.requested_at)?)?,
        decided_by: pb.decided_by.map(|by| actor(FIELD, by)).transpose()?,
        decided_at: time(FIELD, pb.decided_at)?,
        ended_at: time(FIELD, pb.ended_at)?,
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for suspension in &mut ticket.suspensions {
        suspension.reason = text_of(texts, &suspension.id, "reason");
        suspension.decision = text_of(texts, &suspension.id, "decision");
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    ticket.suspensions.iter_mut().flat_map(|s| [&mut s.requested_by, &mut s.decided_by]).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Requested { id, until, reason } => PbChange::SuspensionRequested(pb::SuspensionRequested {
            suspension_id: id.to_string(),
            until: until.map(to_timestamp),
            reason: mask_numbers(reason.as_str()),
        }),
        Change::Rejected { id, decision } => PbChange::SuspensionRejected(pb::SuspensionRejected {
            suspension_id: id.to_string(),
            decision: mask_numbers(decision.as_str()),
        }),
        Change::Suspended { id, until, reason, decision } => PbChange::Suspended(pb::Suspended {
            suspension_id: id.to_string(),
            until: until.map(to_timestamp),
            reason: mask_numbers(reason.as_str()),
            decision: mask_numbers(decision.as_str()),
        }),
        Change::Resumed { id, by_itself, note } => PbChange::Resumed(pb::Resumed {
            suspension_id: id.to_string(),
            by_itself: *by_itself,
            note: mask_numbers(note.as_str()),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::SuspensionRequested(c) => vec![&mut c.reason],
        PbChange::SuspensionRejected(c) => vec![&mut c.decision],
        PbChange::Suspended(c) => vec![&mut c.reason, &mut c.decision],
        PbChange::Resumed(c) => vec![&mut c.note],
        _ => Vec::new(),
    }
}
