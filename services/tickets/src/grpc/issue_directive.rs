//! `SupervisionService.IssueDirective` (督办). Source: T23.

use super::decode::{acting, call, instant, unit_if_given};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn issue_directive(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::IssueDirectiveRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let unit = unit_if_given("unit_id", &request.unit_id, &mut violations);
    let due_at = instant("due_at", request.due_at, &mut violations);
    if request.due_at.is_none() {
        violations.add("due_at", "an instant in the future");
    }
    let directive = violations.field("directive", Reason::parse(&request.directive));
    let (Some(call), Some(due_at), Some(directive), true) = (call, due_at, directive, violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened
        .ticket
        .issue_directive(new_id(now), unit.clone(), due_at, directive, &by, now)
        .map_err(refused)?;
    if let Some(unit) = &unit {
        rooms.units.check(unit, now).await?;
    }
    rooms.tickets.save(opened.view, &changed, &call).await
}
