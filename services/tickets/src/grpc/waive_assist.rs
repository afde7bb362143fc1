//! `HandlingService.WaiveAssist`. Source: T14.

use super::decode::{acting, call, record_if_given, the_record};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn waive_assist(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::WaiveAssistRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let record = record_if_given("assist_id", &request.assist_id, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let open = opened.ticket.groups.assists.owed().map(|assist| assist.id);
    let id = the_record(record, open, "assist")?;
    let changed = opened.ticket.waive_assist(id, reason, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
