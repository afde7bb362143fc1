//! `SupervisionService.WithdrawQualityError`. Source: T30.

use super::decode::{acting, call, uuid};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Reason;

pub(super) async fn withdraw_quality_error(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::WithdrawQualityErrorRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let id = violations.field("quality_error_id", uuid(&request.quality_error_id));
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(id), Some(reason), true) = (call, id, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.withdraw_quality_error(id, reason, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
