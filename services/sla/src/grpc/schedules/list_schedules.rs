//! `ScheduleService.ListSchedules`

use super::super::{Rooms, decode::Page};
use crate::{jobs::schedules::convert, store::schedules};
use gongdan_errors::{Error, Violations};
use gongdan_proto::sla::v1 as pb;

pub(super) async fn list_schedules(
    rooms: &Rooms,
    request: pb::ListSchedulesRequest,
) -> Result<pb::ListSchedulesResponse, Error> {
    let mut violations = Violations::new();
    let Some(page) = Page::decode(request.page_size, &request.page_token, &mut violations) else {
        return Err(violations.into_error());
    };
    let mut rows =
        schedules::list(&rooms.pool, &page.after, page.limit()).await.map_err(gongdan_pg::error)?;
    let next_page_token = page.cut(&mut rows, |row| row.key.clone());
    let schedules = rows.iter().map(convert::schedule).collect::<Result<_, _>>()?;
    Ok(pb::ListSchedulesResponse { schedules, next_page_token })
}
