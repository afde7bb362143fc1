//! `QuarantineService.ReleaseTicket`. Source: T12.

use super::decode::{acting, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn release_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ReleaseTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let by = acting(caller, &opened)?;
    let unit = rooms.quarantine.unit.clone();
    let changed = opened.ticket.verify(unit, &by, rooms.clock.now()).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
