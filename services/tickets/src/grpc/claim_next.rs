//! `TicketService.ClaimNext` (抢单): the next ticket of pools. Source: R9.

use super::{
    decode::{by, filter, uuid},
    viewer::viewer,
};
use crate::{
    Rooms,
    error::refused,
    store::claims::{Wanted, take_next},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Refusal, UnitId};

pub(super) async fn claim_next(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ClaimNextRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let viewer = viewer(caller).masked();
    let request_id = v.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let filter = filter(request.filter, v).seen_by(viewer);
    let unit = (!request.unit_id.is_empty()).then(|| v.field("unit_id", UnitId::parse(&request.unit_id)));
    let (Some(request_id), true) = (request_id, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let key = RequestKey { caller: caller.principal_id.clone(), method: "ClaimNext", request_id, hash };
    if let Some(ticket) = rooms.tickets.answered_to(&key, caller, viewer).await? {
        return Ok(ticket);
    }
    let by = by(caller)?;
    let units = match unit.flatten() {
        Some(unit) => {
            rooms.units.check(&unit, rooms.clock.now()).await?;
            vec![unit.to_string()]
        }
        None => by.unit_ids.iter().map(ToString::to_string).collect(),
    };
    if units.is_empty() {
        return Err(refused(Refusal::NoUnitToClaimFor));
    }
    match take_next(rooms, caller, &by, &Wanted { units, filter }, &key, viewer).await {
        // The same request under way twice: its twin has the answer, and may have taken the last ticket there was.
        Err(error) => rooms.tickets.answered_to(&key, caller, viewer).await?.ok_or(error),
        answer => answer,
    }
}
