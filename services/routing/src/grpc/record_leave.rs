//! `DutyService.RecordLeave`

use super::{
    decode::{given, request_id, request_key},
    duty,
};
use crate::{Rooms, store::Writer};
use gongdan_auth::Actor;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{self as pb, RecordLeaveRequest};
use gongdan_routing_domain::duty::Leave;

pub(super) async fn record_leave(
    rooms: &Rooms,
    actor: &Actor,
    mut request: RecordLeaveRequest,
) -> Result<pb::Leave, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let key = id.map(|id| request_key(&actor.principal_id, "RecordLeave", id, &request));
    if request.person_id.is_empty() {
        violations.add("person_id", "required");
    }
    let from = violations.field("from", duty::instant(request.from.as_ref()));
    let until = violations.field("until", duty::instant(request.until.as_ref()));
    let (Some(key), Some(from), Some(until)) = (key, from, until) else {
        return Err(violations.into_error());
    };
    if !violations.is_empty() {
        return Err(violations.into_error());
    }
    let now = rooms.clock.now();
    let leave = Leave {
        id: new_id(now),
        person_id: request.person_id,
        from,
        until,
        stand_in_id: given(request.stand_in_id),
        reason: request.reason,
    };
    let record = rooms.store.record_leave(leave, Writer(actor), &key, now).await?;
    let person = record.leave.person_id.clone();
    let held =
        rooms.store.loads(std::slice::from_ref(&person)).await?.get(&person).map_or(0, |load| load.held);
    Ok(pb::Leave { tickets_in_hand: i32::try_from(held).unwrap_or(i32::MAX), ..duty::leave(&record) })
}
