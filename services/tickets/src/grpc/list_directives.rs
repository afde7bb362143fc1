//! `SupervisionService.ListDirectives`. Source: T23.

use super::{
    decode::{after, given, page_size, page_token},
    viewer::viewer,
};
use crate::{
    Rooms,
    store::{
        directives::{After, Which},
        list,
        scope::READ,
        ticket_views::Detail,
    },
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1::{self as pb, DirectiveView};
use uuid::Uuid;

pub(super) async fn list_directives(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListDirectivesRequest,
) -> Result<pb::ListDirectivesResponse, Error> {
    let mut violations = Violations::new();
    let which = match request.view() {
        DirectiveView::Unspecified => None,
        DirectiveView::Issued => Some(Which::Issued(caller.principal_id.clone())),
        DirectiveView::Owed => Some(Which::Owed(caller.unit_ids.clone())),
        DirectiveView::Late => Some(Which::Late),
    };
    let which = given("view", which, &mut violations);
    let size = page_size(request.page_size, 50, 200, &mut violations);
    // A token belongs to the view.
    let view = pb::ListDirectivesRequest { view: request.view, ..pb::ListDirectivesRequest::default() };
    let place = after(&request.page_token, &view, &mut violations);
    let (Some(which), true) = (which, violations.is_empty()) else { return Err(violations.into_error()) };
    let place = place.map(|place| After { due_at: place.received_at, id: place.id });
    let mut found = rooms.tickets.directives(&caller.scope_of(READ), &which, place, size + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token = match found.last().map(|last| last.after()) {
        Some(After { due_at, id }) if more => page_token(list::After { received_at: due_at, id }, &view),
        _ => String::new(),
    };
    let ids: Vec<Uuid> = found.iter().map(|listed| listed.ticket_id).collect();
    let views = rooms.tickets.views(&ids).await?;
    let viewer = viewer(caller).masked();
    let mut entries = Vec::with_capacity(found.len());
    for listed in &found {
        let Some(view) = views.get(&listed.ticket_id) else { continue };
        let ticket = view.present(Detail::Full, viewer, &rooms.customers.sealer)?;
        let id = listed.id.to_string();
        let phase = ticket.phase;
        let directive = ticket.directives.into_iter().find(|directive| directive.id == id);
        gongdan_audit::touched("ticket", view.id);
        entries.push(pb::DirectiveEntry {
            ticket_id: ticket.id,
            ticket_number: ticket.number,
            subject: ticket.subject,
            phase,
            directive,
        });
    }
    Ok(pb::ListDirectivesResponse { entries, next_page_token })
}
