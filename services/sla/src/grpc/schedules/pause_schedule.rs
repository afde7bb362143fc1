//! `ScheduleService.PauseSchedule`

use super::{
    super::Rooms,
    change::{self, Named, guard, locked, look, take_on},
};
use crate::{
    jobs::schedules::convert,
    store::schedules::{self, ACTIVE, PAUSED},
};
use gongdan_access::Caller;
use gongdan_clock::to_micros;
use gongdan_errors::Error;
use gongdan_pg::requests::{self, Answered};
use gongdan_proto::sla::v1 as pb;

pub(super) async fn pause_schedule(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::PauseScheduleRequest,
) -> Result<pb::Schedule, Error> {
    let canonical = pb::PauseScheduleRequest { key: request.key.clone(), ..Default::default() };
    let named = Named::decode(
        (&caller.principal_id, "PauseSchedule"),
        (&request.request_id, &request.key, &request.etag),
        &canonical,
    )?;
    let now = to_micros(rooms.clock.now());
    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if requests::lookup(&mut tx, &named.request).await?.is_some() {
        return convert::schedule(&change::found(&mut tx, &named.key).await?);
    }
    let mut row = locked(&mut tx, &named.key).await?;
    guard(&row, named.etag)?;
    if row.state == ACTIVE {
        take_on(rooms, &mut tx, &mut row, now).await?;
        (row.state, row.next_run_at) = (PAUSED, None);
        row.version += 1;
        schedules::put(&mut tx, &row).await.map_err(gongdan_pg::error)?;
    }
    let answered = Answered { resource_id: row.id, version: row.version };
    requests::insert(&mut tx, &named.request, answered, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    look(rooms, &row, now);
    convert::schedule(&row)
}
