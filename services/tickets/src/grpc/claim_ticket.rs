//! `TicketService.ClaimTicket` (抢单). Source: T13, R9.

use super::decode::{acting, call};
use crate::{
    Rooms,
    error::refused,
    store::{claims::save_within, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn claim_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ClaimTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let by = acting(caller, &opened)?;
    let limit = opened.ticket.claim_limit(&by);
    let changed = opened.ticket.claim(&by, rooms.clock.now()).map_err(refused)?;
    match limit {
        Some(limit) => save_within(rooms, limit, &by.id, opened.view, &changed, &call).await,
        None => rooms.tickets.save(opened.view, &changed, &call).await,
    }
}
