//! 督办. Source: T23.

use super::super::state::{InvalidState, actor, actor_ref, known, time, unit, uuid};
use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    groups::directive::{Change, Directive, DirectiveState, Directives},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Directives, ticket: &mut pb::Ticket) {
    let Directives { all } = part;
    ticket.directives = all.iter().map(encode).collect();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Directives, InvalidState> {
    let all = std::mem::take(&mut ticket.directives);
    Ok(Directives { all: all.into_iter().map(decode).collect::<Result<_, _>>()? })
}

fn encode(directive: &Directive) -> pb::Directive {
    pb::Directive {
        id: directive.id.to_string(),
        round: directive.round,
        state: directive.state.number(),
        unit_id: directive.unit.to_string(),
        due_at: Some(to_timestamp(directive.due_at)),
        late_level: directive.late_level,
        issued_by: Some(actor_ref(&directive.issued_by)),
        issued_at: Some(to_timestamp(directive.issued_at)),
        replied_by: directive.replied_by.as_ref().map(actor_ref),
        replied_at: directive.replied_at.map(to_timestamp),
        ended_at: directive.ended_at.map(to_timestamp),
        rejected_count: directive.rejected_count,
        ..pb::Directive::default()
    }
}

fn decode(pb: pb::Directive) -> Result<Directive, InvalidState> {
    let at = |field, at| time(field, at).and_then(|at| known(field, at));
    Ok(Directive {
        id: known("directives.id", uuid("directives.id", &pb.id)?)?,
        round: pb.round,
        state: known("directives.state", DirectiveState::from_number(pb.state))?,
        unit: known("directives.unit_id", unit("directives.unit_id", &pb.unit_id)?)?,
        due_at: at("directives.due_at", pb.due_at)?,
        late_level: pb.late_level,
        issued_by: actor("directives.issued_by", known("directives.issued_by", pb.issued_by)?)?,
        issued_at: at("directives.issued_at", pb.issued_at)?,
        replied_by: pb.replied_by.map(|by| actor("directives.replied_by", by)).transpose()?,
        replied_at: time("directives.replied_at", pb.replied_at)?,
        ended_at: time("directives.ended_at", pb.ended_at)?,
        rejected_count: pb.rejected_count,
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for directive in &mut ticket.directives {
        directive.directive = super::text_of(texts, &directive.id, "directive");
        directive.reply = super::text_of(texts, &directive.id, "reply");
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<ActorRef>> {
    ticket.directives.iter_mut().flat_map(|d| [&mut d.issued_by, &mut d.replied_by]).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Issued { id, unit, due_at, directive } => PbChange::DirectiveIssued(pb::DirectiveIssued {
            directive_id: id.to_string(),
            unit_id: unit.to_string(),
            due_at: Some(to_timestamp(*due_at)),
            directive: mask_numbers(directive.as_str()),
        }),
        Change::Replied { id, reply, late } => PbChange::DirectiveReplied(pb::DirectiveReplied {
            directive_id: id.to_string(),
            reply: mask_numbers(reply.as_str()),
            late: *late,
        }),
        Change::Accepted { id, note } => PbChange::DirectiveAccepted(pb::DirectiveAccepted {
            directive_id: id.to_string(),
            note: mask_numbers(note.as_str()),
        }),
        Change::Rejected { id, due_at, reason } => PbChange::DirectiveRejected(pb::DirectiveRejected {
            directive_id: id.to_string(),
            due_at: Some(to_timestamp(*due_at)),
            reason: mask_numbers(reason.as_str()),
        }),
        Change::Withdrawn { id, reason } => PbChange::DirectiveWithdrawn(pb::DirectiveWithdrawn {
            directive_id: id.to_string(),
            reason: mask_numbers(reason.as_str()),
        }),
        Change::Late { id, level } => {
            PbChange::DirectiveLate(pb::DirectiveLate { directive_id: id.to_string(), level: *level })
        }
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::DirectiveIssued(c) => vec![&mut c.directive],
        PbChange::DirectiveReplied(c) => vec![&mut c.reply],
        PbChange::DirectiveAccepted(c) => vec![&mut c.note],
        PbChange::DirectiveRejected(c) => vec![&mut c.reason],
        PbChange::DirectiveWithdrawn(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
