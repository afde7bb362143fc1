//! `ScheduleService.RunScheduleNow`

use super::{
    super::Rooms,
    change::{Named, locked, look, not_found},
};
use crate::{
    jobs::schedules::{Compiled, action, convert, pending},
    store::schedule_runs,
};
use gongdan_access::Caller;
use gongdan_clock::to_micros;
use gongdan_errors::Error;
use gongdan_pg::requests::{self, Answered};
use gongdan_proto::sla::v1 as pb;
use prost::Message as _;

pub(super) async fn run_schedule_now(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::RunScheduleNowRequest,
) -> Result<pb::ScheduleRun, Error> {
    let canonical = pb::RunScheduleNowRequest { key: request.key.clone(), ..Default::default() };
    let named = Named::decode(
        (&caller.principal_id, "RunScheduleNow"),
        (&request.request_id, &request.key, ""),
        &canonical,
    )?;
    let now = to_micros(rooms.clock.now());
    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if let Some(answered) = requests::lookup(&mut tx, &named.request).await? {
        let run = schedule_runs::find(&mut tx, answered.resource_id).await.map_err(gongdan_pg::error)?;
        return Ok(convert::run(&run.ok_or_else(|| not_found(&named.key))?));
    }
    let row = locked(&mut tx, &named.key).await?;
    let compiled = Compiled::of_row(&mut tx, &rooms.terms, &row).await?;
    let template = action::decode(&row.action)?;
    let filled = action::filled(&template, &now.to_zoned(compiled.zone().clone()));
    let run = pending(&row, now, now, filled.encode_to_vec(), true);
    schedule_runs::insert_many(&mut tx, std::slice::from_ref(&run)).await.map_err(gongdan_pg::error)?;
    let answered = Answered { resource_id: run.id, version: 1 };
    requests::insert(&mut tx, &named.request, answered, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    look(rooms, &row, now);
    Ok(convert::run(&run))
}
