//! `ReviewService.RejectReview` (审核退回). Source: T18.

use super::decode::{acting, call};
use crate::{
    Rooms,
    error::refused,
    store::{tickets::Opened, workflows::roles},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Reason, workflow::Standing};

pub(super) async fn reject_review(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RejectReviewRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(call), Some(reason), true) = (call, reason, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now, roles) = (acting(caller, &opened)?, rooms.clock.now(), roles(caller));
    let workflow = rooms.tickets.workflows.of(&opened.ticket).await?;
    let in_centre = rooms.units.in_centre(&caller.unit_ids).await?;
    let standing = Standing { by: &by, roles: &roles, in_centre };
    let to = (!request.step.is_empty()).then_some(request.step.as_str());
    let changed = opened.ticket.reject_review(to, reason, &workflow, standing, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
