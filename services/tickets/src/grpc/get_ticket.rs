//! `TicketService.GetTicket`.

use super::{
    decode::ticket_ref,
    places, touched,
    viewer::{no_clear, viewer_of},
};
use crate::{
    Rooms,
    store::{deadlines, ticket_views::Detail, tickets::TicketRef},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use uuid::Uuid;

/// Why, as it is noted of who sees what is personal in clear.
const READ: &str = "ticket";

pub(super) async fn get_ticket(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::GetTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let Some(ticket) = ticket_ref(&request.ticket, &mut violations) else {
        return Err(violations.into_error());
    };
    let view = rooms.tickets.view(&ticket).await?;
    view.check_seen(caller)?;
    let viewer = viewer_of(caller, &view)?;
    if request.in_clear && !viewer.clear_personal {
        return Err(no_clear());
    }
    let viewer = if request.in_clear { viewer } else { viewer.masked() };
    if viewer.clear_personal {
        gongdan_audit::personal()?;
        rooms.customers.opened_in_clear(view.customer_id, Some(view.id), &caller.principal_id, READ).await?;
        rooms.metrics.contact_read();
    }
    let mut ticket = view.present(Detail::Full, viewer, &rooms.customers.sealer)?;
    places::fill(rooms, caller, &view, &mut ticket).await?;
    fill_assists_due(rooms, view.id, &mut ticket).await?;
    touched(&ticket);
    Ok(ticket)
}

/// When help is due that was asked for while sla could not say by when: what its clock says.
async fn fill_assists_due(rooms: &Rooms, id: Uuid, ticket: &mut pb::Ticket) -> Result<(), Error> {
    if ticket.assists.iter().all(|assist| assist.due_at.is_some()) {
        return Ok(());
    }
    let due = deadlines::assists_due(&rooms.pool, id).await?;
    for assist in ticket.assists.iter_mut().filter(|assist| assist.due_at.is_none()) {
        let known = assist.id.parse().ok().and_then(|id: Uuid| due.get(&id));
        assist.due_at = known.copied().map(to_timestamp);
    }
    Ok(())
}

/// A ticket as it is now, for an act that changed nothing.
pub(super) async fn now(rooms: &Rooms, caller: &Caller, ticket: &TicketRef) -> Result<pb::Ticket, Error> {
    let view = rooms.tickets.view(ticket).await?;
    view.present(Detail::Full, viewer_of(caller, &view)?.masked(), &rooms.customers.sealer)
}
