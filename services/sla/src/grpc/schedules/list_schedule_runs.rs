//! `ScheduleService.ListScheduleRuns`

use super::{
    super::{Rooms, decode::Page},
    change,
};
use crate::{jobs::schedules::convert, store::schedule_runs};
use gongdan_errors::{Error, Violations};
use gongdan_proto::sla::v1 as pb;
use jiff::Timestamp;

pub(super) async fn list_schedule_runs(
    rooms: &Rooms,
    request: pb::ListScheduleRunsRequest,
) -> Result<pb::ListScheduleRunsResponse, Error> {
    let mut violations = Violations::new();
    change::check_key(&request.key, &mut violations);
    let mut states = Vec::new();
    for (n, state) in request.states.iter().enumerate() {
        let known = pb::ScheduleRunState::try_from(*state).ok().filter(|state| i32::from(*state) > 0);
        let number = known.and_then(|known| i16::try_from(i32::from(known)).ok());
        states.extend(
            violations.field(format!("states[{n}]"), number.ok_or("PENDING, DONE, FAILED or SKIPPED")),
        );
    }
    let page = Page::decode(request.page_size, &request.page_token, &mut violations);
    // a page's token is the last planned time on it, in microseconds
    let before = page.as_ref().map(|page| match page.after.as_str() {
        "" => Ok(Timestamp::MAX),
        text => text
            .parse()
            .ok()
            .filter(|micros| *micros >= 0)
            .and_then(|micros| Timestamp::from_microsecond(micros).ok())
            .ok_or("a token of an earlier answer"),
    });
    let before = before.and_then(|before| violations.field("page_token", before));
    let (Some(page), Some(before), true) = (page, before, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let row = change::found(&mut connection, &request.key).await?;
    drop(connection);
    let mut rows = schedule_runs::list(&rooms.pool, row.id, &states, before, page.limit())
        .await
        .map_err(gongdan_pg::error)?;
    let next_page_token = page.cut(&mut rows, |row| row.planned_at.to_jiff().as_microsecond().to_string());
    Ok(pb::ListScheduleRunsResponse { runs: rows.iter().map(convert::run).collect(), next_page_token })
}
