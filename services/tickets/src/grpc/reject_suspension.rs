//! `HandlingService.RejectSuspension`. Source: T16.

use super::decode::{acting, call, record_if_given, the_record};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn reject_suspension(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RejectSuspensionRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let record = record_if_given("suspension_id", &request.suspension_id, &mut violations);
    let decision = violations.field("decision", Reason::parse(&request.decision));
    let (Some(call), Some(decision), true) = (call, decision, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let open = opened.ticket.groups.suspensions.requested().map(|suspension| suspension.id).into_iter();
    let id = the_record(record, open, "suspension")?;
    let changed = opened.ticket.reject_suspension(id, decision, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
