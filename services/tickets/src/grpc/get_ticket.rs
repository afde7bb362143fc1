//! `TicketService.GetTicket`.

use super::decode::ticket_ref;
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn get_ticket(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::GetTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let Some(ticket) = ticket_ref(&request.ticket, &mut violations) else {
        return Err(violations.into_error());
    };
    rooms.tickets.get(&ticket, caller).await
}
