//! `SupervisionService.HandOffTicket` (110, 119, 120). Source: T38.

use super::decode::{acting, call, given};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Reason,
    groups::handoff::{EmergencyService, Reference},
};

pub(super) async fn hand_off_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::HandOffTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let service = given("service", EmergencyService::from_number(request.service), &mut violations);
    let reference = violations.field("reference", Reference::parse(&request.reference));
    let note = violations.field("note", Reason::parse(&request.note));
    let (Some(call), Some(service), Some(reference), Some(note), true) =
        (call, service, reference, note, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.hand_off(new_id(now), service, reference, note, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
