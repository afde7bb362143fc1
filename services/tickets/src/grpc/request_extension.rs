//! `HandlingService.RequestExtension` (延时申请). Source: T17.

use super::decode::{acting, call, instant};
use crate::{
    Rooms,
    error::refused,
    store::{deadlines, tickets::Opened},
};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn request_extension(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RequestExtensionRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let until = instant("until", request.until, &mut violations);
    if until.is_none() && violations.is_empty() {
        violations.add("until", "the deadline that is asked for");
    }
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(until), Some(reason), true) = (call, until, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let due = deadlines::handling_due(&rooms.pool, opened.view.id, opened.ticket.round).await?;
    let changed = opened
        .ticket
        .request_extension(new_id(now), until, reason, due, &rooms.rules, &by, now)
        .map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
