//! `ReassignmentService.ListReassignmentTickets`

use super::{
    page::Page,
    preview_reassignment::considered,
    reassignments::{seen, ticket, visible},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{
    ListReassignmentTicketsRequest, ListReassignmentTicketsResponse, ReassignedTicketState,
};
use uuid::Uuid;

pub(super) async fn list_reassignment_tickets(
    rooms: &Rooms,
    caller: &Caller,
    mut request: ListReassignmentTicketsRequest,
) -> Result<ListReassignmentTicketsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<Uuid>::decode(&request, size, &token, 100, 500, &mut violations);
    let state = violations.field("state", state(request.state));
    let (Some(page), Some(state)) = (page, state) else { return Err(violations.into_error()) };
    let reassignment = visible(rooms, caller, &request.id).await?;
    let store = &rooms.store;
    let mut found = store.list_reassignment_tickets(reassignment.id, state, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut found, |one| one.ticket_id);
    let ids: Vec<Uuid> = found.iter().map(|one| one.ticket_id).collect();
    let about = store.about(&seen(caller), &ids).await?;
    for id in about.keys() {
        gongdan_audit::touched("ticket", *id);
    }
    let people = considered(found.iter().flat_map(|one| &one.courses).filter_map(|trial| trial.1.as_ref()));
    let names = store.names(&people).await?;
    let tickets = found.into_iter().map(|one| {
        let about = about.get(&one.ticket_id);
        ticket(one, about, &names)
    });
    Ok(ListReassignmentTicketsResponse { tickets: tickets.collect(), next_page_token })
}

/// The number of a state in the table, which is that of the contract.
fn state(number: i32) -> Result<Option<i16>, &'static str> {
    match ReassignedTicketState::try_from(number) {
        Ok(ReassignedTicketState::Unspecified) => Ok(None),
        Ok(_) => i16::try_from(number).map(Some).map_err(|_| "an unknown state"),
        Err(_) => Err("an unknown state"),
    }
}
