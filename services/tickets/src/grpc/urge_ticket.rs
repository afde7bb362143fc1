//! `TicketService.UrgeTicket` (催单). Source: T22.

use super::decode::{by, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Note;

pub(super) async fn urge_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::UrgeTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let note = violations.field("note", Note::parse(&request.note));
    let (Some(call), Some(note)) = (call, note) else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let changed = opened.ticket.urge(note, &rooms.rules, &by(caller)?, rooms.clock.now()).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
