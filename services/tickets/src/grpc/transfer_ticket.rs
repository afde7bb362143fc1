//! `TicketService.TransferTicket` (转派). Source: T13.

use super::{
    decode::{acting, call, person_if_given},
    recipient::check_recipient,
};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Reason, UnitId};

pub(super) async fn transfer_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::TransferTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let unit = violations.field("unit_id", UnitId::parse(&request.unit_id));
    let person = person_if_given("person_id", &request.person_id, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(unit), Some(reason), true) = (call, unit, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.transfer(unit.clone(), person.clone(), reason, &by, now).map_err(refused)?;
    check_recipient(rooms, &changed.ticket, &unit, person.as_ref(), now).await?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
