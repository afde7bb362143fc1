//! `ScheduleService.DeleteSchedule`

use super::{
    super::Rooms,
    change::{Named, guard, locked},
};
use crate::store::schedules;
use gongdan_access::Caller;
use gongdan_errors::Error;
use gongdan_pg::requests::{self, Answered};
use gongdan_proto::sla::v1 as pb;

pub(super) async fn delete_schedule(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::DeleteScheduleRequest,
) -> Result<pb::DeleteScheduleResponse, Error> {
    let canonical = pb::DeleteScheduleRequest { key: request.key.clone(), ..Default::default() };
    let named = Named::decode(
        (&caller.principal_id, "DeleteSchedule"),
        (&request.request_id, &request.key, &request.etag),
        &canonical,
    )?;
    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if requests::lookup(&mut tx, &named.request).await?.is_some() {
        return Ok(pb::DeleteScheduleResponse {});
    }
    let row = locked(&mut tx, &named.key).await?;
    guard(&row, named.etag)?;
    schedules::delete(&mut tx, row.id).await.map_err(gongdan_pg::error)?;
    let answered = Answered { resource_id: row.id, version: row.version };
    requests::insert(&mut tx, &named.request, answered, rooms.clock.now()).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    Ok(pb::DeleteScheduleResponse {})
}
