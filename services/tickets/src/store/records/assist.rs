//! 协办. Source: T14.

use super::{
    super::state::{InvalidState, actor, actor_ref, known, time, unit, uuid},
    text_of,
};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    groups::assist::{Assist, AssistState, Assists, Change},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Assists, ticket: &mut pb::Ticket) {
    let Assists { list } = part;
    ticket.assists = list.iter().map(assist).collect();
}

fn assist(assist: &Assist) -> pb::Assist {
    pb::Assist {
        id: assist.id.to_string(),
        round: assist.round,
        unit_id: assist.unit.to_string(),
        state: assist.state.number(),
        due_at: assist.due_at.map(to_timestamp),
        requested_by: Some(actor_ref(&assist.requested_by)),
        requested_at: Some(to_timestamp(assist.requested_at)),
        ended_by: assist.ended_by.as_ref().map(actor_ref),
        ended_at: assist.ended_at.map(to_timestamp),
        ..pb::Assist::default()
    }
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Assists, InvalidState> {
    let list = std::mem::take(&mut ticket.assists).into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Assists { list })
}

fn read(pb: pb::Assist) -> Result<Assist, InvalidState> {
    const FIELD: &str = "assists";
    Ok(Assist {
        id: known(FIELD, uuid(FIELD, &pb.id)?)?,
        round: pb.round,
        unit: known(FIELD, unit(FIELD, &pb.unit_id)?)?,
        state: known(FIELD, AssistState::from_number(pb.state))?,
        due_at: time(FIELD, pb.due_at)?,
        requested_by: actor(FIELD, known(FIELD, pb.requested_by)?)?,
        requested_at: known(FIELD, time(FIELD, pb.requested_at)?)?,
        ended_by: pb.ended_by.map(|by| actor(FIELD, by)).transpose()?,
        ended_at: time(FIELD, pb.ended_at)?,
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for assist in &mut ticket.assists {
        assist.request = text_of(texts, &assist.id, "request");
        assist.reply = text_of(texts, &assist.id, "reply");
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    ticket.assists.iter_mut().flat_map(|a| [&mut a.requested_by, &mut a.ended_by]).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Requested { id, unit, due_at, request } => PbChange::AssistRequested(pb::AssistRequested {
            assist_id: id.to_string(),
            unit_id: unit.to_string(),
            due_at: due_at.map(to_timestamp),
            request: mask_numbers(request.as_str()),
        }),
        Change::Replied { id, unit, reply } => PbChange::AssistReplied(pb::AssistReplied {
            assist_id: id.to_string(),
            unit_id: unit.to_string(),
            reply: mask_numbers(reply.as_str()),
        }),
        Change::Declined { id, unit, reason } => PbChange::AssistDeclined(pb::AssistDeclined {
            assist_id: id.to_string(),
            unit_id: unit.to_string(),
            reason: mask_numbers(reason.as_str()),
        }),
        Change::Waived { id, unit, reason } => PbChange::AssistWaived(pb::AssistWaived {
            assist_id: id.to_string(),
            unit_id: unit.to_string(),
            reason: mask_numbers(reason.as_str()),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::AssistRequested(c) => vec![&mut c.request],
        PbChange::AssistReplied(c) => vec![&mut c.reply],
        PbChange::AssistDeclined(c) => vec![&mut c.reason],
        PbChange::AssistWaived(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
