//! `DutyService.ListSwaps`

use super::{decode::given, duty, page::Page};
use crate::{
    Rooms,
    store::{SwapCursor, SwapFilter},
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListSwapsRequest, ListSwapsResponse};
use jiff::{ToSpan as _, tz::Offset};

pub(super) async fn list_swaps(
    rooms: &Rooms,
    mut request: ListSwapsRequest,
) -> Result<ListSwapsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<SwapCursor>::decode(&request, size, &token, 100, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    // What began yesterday may still run.
    let yesterday = Offset::UTC.to_datetime(rooms.clock.now()).date().saturating_sub(1.days());
    let filter = SwapFilter {
        unit_id: given(request.unit_id),
        roster_id: given(request.roster_id),
        person_id: given(request.person_id),
        since: (!request.all).then_some(yesterday),
    };
    let mut swaps = rooms.store.list_swaps(&filter, page.after.as_ref(), page.limit()).await?;
    let next_page_token = page.cut(&mut swaps, |swap| SwapCursor {
        day: swap.day,
        roster_id: swap.roster_id.clone(),
        person_id: swap.person_id.clone(),
        shift: swap.shift.clone(),
    });
    Ok(ListSwapsResponse { swaps: swaps.into_iter().map(duty::swap).collect(), next_page_token })
}
