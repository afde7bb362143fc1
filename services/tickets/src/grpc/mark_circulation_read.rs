//! `CirculationService.MarkCirculationRead`. Source: T34.

use super::{
    decode::uuid,
    list_circulations::{find, present},
};
use crate::{Rooms, store::circulations};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;

pub(super) async fn mark_circulation_read(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::MarkCirculationReadRequest,
) -> Result<pb::Circulation, Error> {
    let mut violations = Violations::new();
    let Some(id) = violations.field("id", uuid(&request.id)) else { return Err(violations.into_error()) };
    let circulation = find(rooms, caller, id).await?;
    gongdan_audit::touched("circulation", id);
    circulations::read(&rooms.pool, id, &caller.principal_id, rooms.clock.now()).await.map_err(error)?;
    let read = present(rooms, caller, vec![circulation]).await?.pop();
    read.ok_or_else(|| Error::internal("one in, none out"))
}
