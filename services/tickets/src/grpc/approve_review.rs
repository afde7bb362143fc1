//! `ReviewService.ApproveReview` (审核通过). Source: T18.

use super::decode::{acting, call};
use crate::{
    Rooms,
    error::refused,
    store::{tickets::Opened, workflows::roles},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Note, workflow::Standing};

pub(super) async fn approve_review(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ApproveReviewRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let note = violations.field("note", Note::parse(&request.note));
    let (Some(call), Some(note), true) = (call, note, violations.is_empty()) else {
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
    let changed = opened.ticket.approve_review(note, &workflow, standing, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
