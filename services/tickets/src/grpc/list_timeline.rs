//! `TicketService.ListTimeline` (流转信息). Source: T26.

use super::{
    decode::{page_size, ticket_ref},
    viewer::viewer_of,
};
use crate::{
    Rooms, events,
    store::records::{circulation, track},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn list_timeline(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListTimelineRequest,
) -> Result<pb::ListTimelineResponse, Error> {
    let mut violations = Violations::new();
    let ticket = ticket_ref(&request.ticket, &mut violations);
    let size = page_size(request.page_size, 100, 500, &mut violations);
    let after = match request.page_token.as_str() {
        "" => Some(0),
        token => {
            violations.field("page_token", token.parse::<i64>().map_err(|_| "a token of an earlier answer"))
        }
    };
    let (Some(ticket), Some(after), true) = (ticket, after, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_seen(caller)?;
    gongdan_audit::touched("ticket", view.id);
    let viewer = viewer_of(caller, &view)?;
    let mut entries = rooms.tickets.timeline(view.id, after, size, viewer).await?;
    let hidden = if viewer.see_reporter { None } else { Some(view.hidden(&rooms.customers.sealer)?) };
    for entry in &mut entries {
        if let Some(hidden) = &hidden {
            events::texts(entry).into_iter().for_each(|text| *text = hidden.take_out(text));
        }
        track::hide_others(entry, &caller.principal_id);
        circulation::hide_outside(entry, &caller.unit_ids);
    }
    let next_page_token = match entries.last() {
        Some(last) if last.version < view.version => last.version.to_string(),
        _ => String::new(),
    };
    // What is not for who looks was emptied.
    entries.retain(|entry| entry.change.is_some());
    Ok(pb::ListTimelineResponse { entries, next_page_token })
}
