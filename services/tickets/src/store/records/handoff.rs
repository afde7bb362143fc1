//! Hand-off to emergency services. Source: T38.

use super::super::state::{InvalidState, actor, actor_ref, known, time, uuid};
use gongdan_proto::{
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    groups::handoff::{Change, EmergencyService, Handoff, Handoffs},
    mask_numbers,
};

/// Into the state.
pub(crate) fn put(part: &Handoffs, ticket: &mut pb::Ticket) {
    let Handoffs { all } = part;
    let encode = |handoff: &Handoff| pb::EmergencyHandoff {
        id: handoff.id.to_string(),
        service: handoff.service.number(),
        handed_off_by: Some(actor_ref(&handoff.by)),
        handed_off_at: Some(to_timestamp(handoff.at)),
        ..pb::EmergencyHandoff::default()
    };
    ticket.emergency_handoffs = all.iter().map(encode).collect();
}

/// Out of the state.
pub(crate) fn take(ticket: &mut pb::Ticket) -> Result<Handoffs, InvalidState> {
    let decode = |pb: pb::EmergencyHandoff| {
        let (by, at) = ("emergency_handoffs.handed_off_by", "emergency_handoffs.handed_off_at");
        Ok(Handoff {
            id: known("emergency_handoffs.id", uuid("emergency_handoffs.id", &pb.id)?)?,
            service: known("emergency_handoffs.service", EmergencyService::from_number(pb.service))?,
            by: actor(by, known(by, pb.handed_off_by)?)?,
            at: known(at, time(at, pb.handed_off_at)?)?,
        })
    };
    let all = std::mem::take(&mut ticket.emergency_handoffs);
    Ok(Handoffs { all: all.into_iter().map(decode).collect::<Result<_, _>>()? })
}

/// Texts of its records into an answer.
pub(crate) fn fill(ticket: &mut pb::Ticket, texts: &super::Texts) {
    for handoff in &mut ticket.emergency_handoffs {
        handoff.note = super::text_of(texts, &handoff.id, "note");
        handoff.reference = super::text_of(texts, &handoff.id, "reference");
    }
}

/// All whom its records name.
pub(crate) fn actors(ticket: &mut pb::Ticket) -> Vec<&mut Option<gongdan_proto::common::v1::ActorRef>> {
    ticket.emergency_handoffs.iter_mut().map(|handoff| &mut handoff.handed_off_by).collect()
}

/// What happened, as the contract has it.
pub(crate) fn change(change: &Change) -> PbChange {
    let Change::HandedOff { id, service, reference, note } = change;
    PbChange::HandedOff(pb::HandedOff {
        handoff_id: id.to_string(),
        service: service.number(),
        reference: mask_numbers(reference.as_str()),
        note: mask_numbers(note.as_str()),
    })
}

/// What people wrote in an event of this group; none for events of others.
pub(crate) fn texts(change: &mut PbChange) -> Vec<&mut String> {
    match change {
        PbChange::HandedOff(c) => vec![&mut c.note, &mut c.reference],
        _ => Vec::new(),
    }
}
