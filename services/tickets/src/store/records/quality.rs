//! 差错工单. Source: T30.

use super::super::state::{InvalidState, actor, actor_ref, invalid, known, text, time, unit, uuid};
use gongdan_proto::{
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    PrincipalId,
    groups::quality::{Change, QualityError, QualityErrorKind, QualityErrors},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &QualityErrors, ticket: &mut pb::Ticket) {
    let QualityErrors { all } = part;
    let encode = |error: &QualityError| pb::QualityError {
        id: error.id.to_string(),
        kind: error.kind.number(),
        person_id: text(error.person.as_ref()),
        unit_id: text(error.unit.as_ref()),
        marked_by: Some(actor_ref(&error.marked_by)),
        marked_at: Some(to_timestamp(error.marked_at)),
        withdrawn_at: error.withdrawn_at.map(to_timestamp),
        note: String::new(),
    };
    ticket.quality_errors = all.iter().map(encode).collect();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<QualityErrors, InvalidState> {
    let all = std::mem::take(&mut ticket.quality_errors);
    Ok(QualityErrors { all: all.into_iter().map(decode).collect::<Result<_, _>>()? })
}

fn decode(pb: pb::QualityError) -> Result<QualityError, InvalidState> {
    let marked_at = time("quality_errors.marked_at", pb.marked_at)?;
    let person = (!pb.person_id.is_empty())
        .then(|| PrincipalId::parse(&pb.person_id).map_err(|e| invalid("quality_errors.person_id", e)))
        .transpose()?;
    Ok(QualityError {
        id: known("quality_errors.id", uuid("quality_errors.id", &pb.id)?)?,
        kind: known("quality_errors.kind", QualityErrorKind::from_number(pb.kind))?,
        person,
        unit: unit("quality_errors.unit_id", &pb.unit_id)?,
        marked_by: actor("quality_errors.marked_by", known("quality_errors.marked_by", pb.marked_by)?)?,
        marked_at: known("quality_errors.marked_at", marked_at)?,
        withdrawn_at: time("quality_errors.withdrawn_at", pb.withdrawn_at)?,
    })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for error in &mut ticket.quality_errors {
        error.note = super::text_of(texts, &error.id, "note");
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    ticket.quality_errors.iter_mut().map(|error| &mut error.marked_by).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    match change {
        Change::Marked { id, kind, person, unit, note } => {
            PbChange::QualityErrorMarked(pb::QualityErrorMarked {
                quality_error_id: id.to_string(),
                kind: kind.number(),
                person_id: text(person.as_ref()),
                unit_id: text(unit.as_ref()),
                note: mask_numbers(note.as_str()),
            })
        }
        Change::Withdrawn { id, reason } => PbChange::QualityErrorWithdrawn(pb::QualityErrorWithdrawn {
            quality_error_id: id.to_string(),
            reason: mask_numbers(reason.as_str()),
        }),
    }
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::QualityErrorMarked(c) => vec![&mut c.note],
        PbChange::QualityErrorWithdrawn(c) => vec![&mut c.reason],
        _ => Vec::new(),
    }
}
