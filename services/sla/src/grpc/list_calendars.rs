//! `CalendarService.ListCalendars`

use super::{Rooms, convert, decode::Page};
use crate::store::calendars;
use gongdan_errors::{Error, Violations};
use gongdan_proto::sla::v1 as pb;

pub(super) async fn list_calendars(
    rooms: &Rooms,
    request: pb::ListCalendarsRequest,
) -> Result<pb::ListCalendarsResponse, Error> {
    let mut violations = Violations::new();
    let Some(page) = Page::decode(request.page_size, &request.page_token, &mut violations) else {
        return Err(violations.into_error());
    };
    let mut rows =
        calendars::list(&rooms.pool, &page.after, page.limit()).await.map_err(gongdan_pg::error)?;
    let next_page_token = page.cut(&mut rows, |row| row.key.clone());
    let now = rooms.clock.now();
    let calendars = rows.iter().map(|row| convert::calendar(row, false, now)).collect::<Result<_, _>>()?;
    Ok(pb::ListCalendarsResponse { calendars, next_page_token })
}
