//! `VisitService.CheckInVisit`. Source: T15, T37.

use super::{
    decode::call,
    visits::{Said, device_time, point, said, say},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::visit::{ReportText, What};

pub(super) async fn check_in_visit(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::CheckInVisitRequest,
) -> Result<pb::Ticket, Error> {
    let now = rooms.clock.now();
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let at = device_time(request.device_time, now, &mut violations).unwrap_or(now);
    let point = point("", request.point, request.given_in, &mut violations);
    let text = Some(ReportText::default());
    let said = said(call.as_ref(), &request.visit_id, at, Some(What::CheckedIn), text, &mut violations);
    let said = said.map(|said| Said { point, ..said });
    let Some(call) = call else { return Err(violations.into_error()) };
    Box::pin(say(rooms, caller, call, said, violations)).await
}
