//! `TicketService.GetTicket`.

use super::{decode::ticket_ref, touched};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn get_ticket(rooms: &Rooms, request: pb::GetTicketRequest) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let Some(ticket) = ticket_ref(&request.ticket, &mut violations) else {
        return Err(violations.into_error());
    };
    let ticket = rooms.tickets.get(&ticket).await?;
    touched(&ticket);
    Ok(ticket)
}
