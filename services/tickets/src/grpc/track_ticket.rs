//! `SupervisionService.TrackTicket` (跟踪). Source: T24.

use super::decode::{acting, call, instant};
use crate::{
    Rooms,
    error::refused,
    store::{records::track::record, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::track::TrackNote;

pub(super) async fn track_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::TrackTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let remind_at = instant("remind_at", request.remind_at, &mut violations);
    let note = violations.field("note", TrackNote::parse(&request.note));
    let (Some(call), Some(note), true) = (call, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed =
        opened.ticket.track(record(&caller.principal_id), remind_at, note, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
