//! `HandlingService.RequestSuspension` (挂起). Source: T16.

use super::decode::{acting, call, instant};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn request_suspension(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RequestSuspensionRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let until = instant("until", request.until, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened
        .ticket
        .request_suspension(new_id(now), until, reason, &rooms.rules, &by, now)
        .map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
