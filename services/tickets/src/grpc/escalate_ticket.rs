//! `SupervisionService.EscalateTicket` (升级). Source: T13.

use super::{
    decode::{acting, call, person_if_given, unit_if_given},
    recipient::check_recipient,
};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn escalate_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::EscalateTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let unit = unit_if_given("unit_id", &request.unit_id, &mut violations);
    let person = person_if_given("person_id", &request.person_id, &mut violations);
    if request.unit_id.is_empty() && person.is_some() {
        violations.add("unit_id", "the unit of the person");
    }
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.escalate(unit.clone(), person.clone(), reason, &by, now).map_err(refused)?;
    if let Some(unit) = &unit {
        check_recipient(rooms, &changed.ticket, unit, person.as_ref(), now).await?;
    }
    rooms.tickets.save(opened.view, &changed, &call).await
}
