//! `VisitService.CancelVisit`. Source: T15.

use super::{
    decode::call,
    visits::{reason, said, say},
};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::groups::visit::What;

pub(super) async fn cancel_visit(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::CancelVisitRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let text = reason(&request.reason, &mut violations);
    let now = rooms.clock.now();
    let said = said(call.as_ref(), &request.visit_id, now, Some(What::Cancelled), text, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    Box::pin(say(rooms, caller, call, said, violations)).await
}
