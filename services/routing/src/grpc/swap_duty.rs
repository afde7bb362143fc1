//! `DutyService.SwapDuty`

use super::{
    decode::{request_id, request_key},
    duty,
};
use crate::{Rooms, store::Writer};
use gongdan_auth::Actor;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{self as pb, SwapDutyRequest};
use gongdan_routing_domain::duty::Swap;

pub(super) async fn swap_duty(
    rooms: &Rooms,
    actor: &Actor,
    mut request: SwapDutyRequest,
) -> Result<pb::Swap, Error> {
    let mut violations = Violations::new();
    let id = violations.field("request_id", request_id(&std::mem::take(&mut request.request_id)));
    let key = id.map(|id| request_key(&actor.principal_id, "SwapDuty", id, &request));
    for (field, given) in
        [("roster_id", &request.roster_id), ("shift", &request.shift), ("person_id", &request.person_id)]
    {
        if given.is_empty() {
            violations.add(field, "required");
        }
    }
    let day = violations.field("date", duty::date(&request.date));
    let (Some(key), Some(day)) = (key, day) else { return Err(violations.into_error()) };
    if !violations.is_empty() {
        return Err(violations.into_error());
    }
    let swap = Swap {
        roster_id: request.roster_id,
        shift: request.shift,
        day,
        person_id: request.person_id,
        stand_in_id: request.stand_in_id,
    };
    rooms.store.swap_duty(&swap, Writer(actor), &key, rooms.clock.now()).await?;
    Ok(duty::swap(swap))
}
