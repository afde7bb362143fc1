//! `NoteService.ListNotes`. Source: T25.

use super::{
    decode::{page_size, ticket_ref, uuid},
    viewer::viewer_of,
};
use crate::{
    Rooms,
    store::{
        citizens,
        notes::{self, Note},
        ticket_views::{TicketView, Viewer},
        tickets::TicketRef,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use uuid::Uuid;

pub(super) async fn list_notes(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListNotesRequest,
) -> Result<pb::ListNotesResponse, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let size = page_size(request.page_size, 50, 200, &mut violations);
    let before = match request.page_token.as_str() {
        "" => Some(Uuid::max()),
        token => violations.field("page_token", uuid(token).map_err(|_| "a token of an earlier answer")),
    };
    let (Some(ticket), Some(before), true) = (ticket, before, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_acted_on(caller)?;
    gongdan_audit::touched("ticket", view.id);
    let viewer = viewer_of(caller, &view)?.masked();
    let mut found = notes::list(&rooms.pool, view.id, viewer.public_only, before, size + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token = found.last().filter(|_| more).map(|last| last.id.to_string()).unwrap_or_default();
    let told = view.told_to(viewer, &rooms.customers.sealer)?;
    let notes = found.into_iter().map(|note| written(note, viewer, &told)).collect::<Result<_, _>>()?;
    Ok(pb::ListNotesResponse { notes, next_page_token })
}

/// A ticket, and what the caller may see of it.
pub(super) async fn shown(
    rooms: &Rooms,
    caller: &Caller,
    ticket: &str,
) -> Result<(TicketView, Viewer), Error> {
    let id = uuid(ticket).map_err(Error::internal)?;
    let view = rooms.tickets.view(&TicketRef::Id(id)).await?;
    let viewer = viewer_of(caller, &view)?.masked();
    Ok((view, viewer))
}

/// A note as who looks may see it.
pub(super) fn written(note: Note, viewer: Viewer, told: impl Fn(&str) -> String) -> Result<pb::Note, Error> {
    let mut note = note.present(told)?;
    if !viewer.see_reporter {
        citizens::hide(&mut note.written_by);
    }
    Ok(note)
}
