//! `NoteService.AddNote`. Source: T25.

use super::{
    decode::{acting, call},
    list_notes::{shown, written},
};
use crate::{
    Rooms,
    error::refused,
    store::{notes, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::{common::v1::PrincipalKind, tickets::v1 as pb};
use gongdan_tickets_domain::{
    PrincipalId,
    groups::attachment::{MAX_MENTIONS, NoteText},
};

pub(super) async fn add_note(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::AddNoteRequest,
) -> Result<pb::Note, Error> {
    let ticket = noted(rooms, caller, request).await?;
    answered(rooms, caller, &ticket).await
}

/// The ticket with the note.
pub(super) async fn noted(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::AddNoteRequest,
) -> Result<pb::Ticket, Error> {
    let citizen = caller.kind == PrincipalKind::Citizen;
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let text = violations.field("text", NoteText::parse(&request.text));
    let mentions = mentions(&request.mention_ids, citizen, &mut violations);
    let (Some(call), Some(text), true) = (call, text, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(ticket) => return Ok(*ticket),
        Opened::Fresh(opened) => opened,
    };
    rooms.units.check_all_staff("mention_ids", &mentions).await?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let public = citizen || request.public;
    let changed = opened.ticket.note(new_id(now), public, mentions, text, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}

/// The note that came with this version of a ticket.
async fn answered(rooms: &Rooms, caller: &Caller, ticket: &pb::Ticket) -> Result<pb::Note, Error> {
    let (view, viewer) = shown(rooms, caller, &ticket.id).await?;
    let note = notes::of_version(&rooms.pool, view.id, ticket.version).await?;
    let note = note.ok_or_else(|| Error::internal("the note of an answered request is not there"))?;
    written(note, viewer, view.told_to(viewer, &rooms.customers.sealer)?)
}

fn mentions(ids: &[String], citizen: bool, violations: &mut Violations) -> Vec<PrincipalId> {
    if citizen && !ids.is_empty() {
        violations.add("mention_ids", "not by citizens");
    }
    if ids.len() > MAX_MENTIONS {
        violations.add("mention_ids", format!("at most {MAX_MENTIONS}"));
    }
    let mut mentions: Vec<PrincipalId> = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        if let Some(id) = violations.field(format!("mention_ids[{at}]"), PrincipalId::parse(id))
            && !mentions.contains(&id)
        {
            mentions.push(id);
        }
    }
    mentions
}
