//! `VisitService.ReportVisit`. Source: T15.

use super::{
    decode::call,
    visits::{device_time, photos, result, said, say},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::visit::{ReportText, What};

pub(super) async fn report_visit(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ReportVisitRequest,
) -> Result<pb::Ticket, Error> {
    let now = rooms.clock.now();
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let at = device_time(request.device_time, now, &mut violations).unwrap_or(now);
    let photos = photos(&request.photo_ids, &mut violations);
    let what = result(request.result, &mut violations).map(|result| What::Reported { result, photos });
    let text = violations.field("report", ReportText::parse(&request.report));
    let said = said(call.as_ref(), &request.visit_id, at, what, text, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    Box::pin(say(rooms, caller, call, said, violations)).await
}
