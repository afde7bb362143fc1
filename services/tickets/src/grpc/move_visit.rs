//! `VisitService.MoveVisit`. Source: T15.

use super::{
    decode::call,
    visits::{moved, reason, said, say},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn move_visit(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::MoveVisitRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let what = moved(request.window_start, request.window_end, &request.person_id, &mut violations);
    let text = reason(&request.reason, &mut violations);
    let said = said(call.as_ref(), &request.visit_id, rooms.clock.now(), what, text, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    Box::pin(say(rooms, caller, call, said, violations)).await
}
