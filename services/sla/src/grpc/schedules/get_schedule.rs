//! `ScheduleService.GetSchedule`

use super::{super::Rooms, change};
use crate::jobs::schedules::convert;
use gongdan_errors::{Error, Violations};
use gongdan_proto::sla::v1 as pb;

pub(super) async fn get_schedule(
    rooms: &Rooms,
    request: pb::GetScheduleRequest,
) -> Result<pb::Schedule, Error> {
    let mut violations = Violations::new();
    change::check_key(&request.key, &mut violations);
    violations.finish()?;
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    convert::schedule(&change::found(&mut connection, &request.key).await?)
}
