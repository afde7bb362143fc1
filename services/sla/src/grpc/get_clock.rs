//! `ClockService.GetClock`

use super::{Rooms, convert};
use crate::store::clocks;
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason};
use gongdan_proto::sla::v1 as pb;
use uuid::Uuid;

pub(super) async fn get_clock(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::GetClockRequest,
) -> Result<pb::Clock, Error> {
    let id = Uuid::try_parse(&request.id).map_err(|_| Error::invalid_field("id", "a UUID"))?;
    let clock = clocks::find(&rooms.pool, id, &caller.scope()).await?;
    let clock =
        clock.ok_or_else(|| Error::not_found(Reason::ClockNotFound, "no such clock").with("clock", id))?;
    gongdan_audit::touched("ticket", clock.ticket_id);
    Ok(convert::clock(&clock))
}
