//! `LinkService.LinkTicket`. Source: T10, T11.

use super::{
    decode::{acting, call, given},
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
use gongdan_tickets_domain::{
    Note,
    groups::links::{LinkKind, link},
};

pub(super) async fn link_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::LinkTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let kind = LinkKind::from_number(request.kind).filter(|kind| !kind.is_merge());
    let kind = given("kind", kind, &mut violations);
    let other = other("other", &request.other, &request.other_etag, &mut violations);
    let reason = violations.field("reason", Note::parse(&request.reason));
    let (Some(call), Some(kind), Some(other), Some(reason), true) =
        (call, kind, other, reason, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (_, second) = rooms.tickets.open_other(caller, &other.ticket, other.etag).await?;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let (one, two) = link(opened.ticket, second, kind, &reason, &by, now).map_err(refused)?;
    together::save(rooms, opened.view, &one, &[&two], &[], &call).await
}
