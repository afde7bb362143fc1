//! `LinkService.MergeTicket`. Source: T11.

use super::{
    decode::{acting, call},
    links::other,
};
use crate::{
    Rooms,
    error::refused,
    store::{tickets::Opened, together},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Reason, groups::links::merge};

pub(super) async fn merge_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::MergeTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let into = other("into", &request.into, &request.into_etag, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(into), Some(reason), true) = (call, into, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (_, target) = rooms.tickets.open_other(caller, &into.ticket, into.etag).await?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let (source, target) = merge(opened.ticket, target, &reason, &by, now).map_err(refused)?;
    together::save(rooms, opened.view, &source, &[&target], &[], &call).await
}
