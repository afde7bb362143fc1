//! `SupervisionService.UntrackTicket`. Source: T24.

use super::decode::{acting, call};
use crate::{
    Rooms,
    error::refused,
    store::{records::track::record, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn untrack_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::UntrackTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let Some(call) = call(&mut request, caller, &mut violations) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.untrack(record(&caller.principal_id), &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
