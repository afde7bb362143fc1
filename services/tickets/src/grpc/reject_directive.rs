//! `SupervisionService.RejectDirective`. Source: T23.

use super::decode::{acting, call, instant, uuid};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn reject_directive(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RejectDirectiveRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let id = violations.field("directive_id", uuid(&request.directive_id));
    let due_at = instant("due_at", request.due_at, &mut violations);
    if request.due_at.is_none() {
        violations.add("due_at", "an instant in the future");
    }
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(id), Some(due_at), Some(reason), true) =
        (call, id, due_at, reason, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.reject_directive(id, due_at, reason, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
