//! `CalendarService.GetCalendar`

use super::{Rooms, convert};
use crate::store::calendars;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::sla::v1 as pb;
use gongdan_sla_domain::is_key;

pub(super) async fn get_calendar(
    rooms: &Rooms,
    request: pb::GetCalendarRequest,
) -> Result<pb::Calendar, Error> {
    let mut violations = Violations::new();
    if !is_key(&request.key) {
        violations.add("key", "the key of a calendar");
    }
    if request.version < 0 {
        violations.add("version", "0 or more");
    }
    violations.finish()?;
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let row =
        calendars::get(&mut connection, &request.key, request.version).await.map_err(gongdan_pg::error)?;
    let row = row.ok_or_else(|| {
        Error::not_found(Reason::CalendarNotFound, "no such calendar, or no such version of it")
            .with("calendar", &request.key)
    })?;
    let document = serde_json::to_string_pretty(&row.document).map_err(Error::internal)?;
    Ok(pb::Calendar { document, ..convert::calendar(&row, false, rooms.clock.now())? })
}
