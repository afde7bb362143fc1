//! `CallService.LinkCall`. Source: T35.

use super::{
    decode::{acting, call},
    get_ticket,
};
use crate::{
    Rooms,
    error::refused,
    store::{calls, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::call::{CallId, Seat};

pub(super) async fn link_call(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::LinkCallRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let asked = call(&mut request, caller, &mut violations);
    let id = violations.field("call_id", CallId::parse(&request.call_id));
    let (Some(asked), Some(id)) = (asked, id) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&asked).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let kept = calls::get(&rooms.pool, id.as_str()).await?.ok_or_else(not_found)?;
    let seat = Seat::parse(&kept.seat).map_err(Error::internal)?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    match opened.ticket.link_call(id, seat, &by, now).map_err(refused)? {
        Some(changed) => rooms.tickets.save(opened.view, &changed, &asked).await,
        None => get_ticket::now(rooms, caller, &asked.ticket).await,
    }
}

pub(super) fn not_found() -> Error {
    Error::not_found(Reason::CallNotFound, "no such call, or it has no recording")
}
