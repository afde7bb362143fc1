//! `TicketService.ReturnTicket` (退单), also back into the pool (放回). Source: T13, R9.

use super::decode::{acting, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn return_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ReturnTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason)) = (call, reason) else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = if request.to_pool {
        opened.ticket.put_back(reason, &by, now)
    } else {
        opened.ticket.return_to_pool(reason, &rooms.rules, &by, now)
    };
    let changed = changed.map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
