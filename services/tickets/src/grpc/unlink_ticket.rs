//! `LinkService.UnlinkTicket`. Source: T10, T11.

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
use gongdan_tickets_domain::{Note, groups::links::unlink};

pub(super) async fn unlink_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::UnlinkTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let other = other("other", &request.other, &request.other_etag, &mut violations);
    let reason = violations.field("reason", Note::parse(&request.reason));
    let (Some(call), Some(other), Some(reason), true) = (call, other, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (_, second) = rooms.tickets.open_other(caller, &other.ticket, other.etag).await?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let (one, two) = unlink(opened.ticket, second, &reason, &by, now).map_err(refused)?;
    together::save(rooms, opened.view, &one, &[&two], &[], &call).await
}
