//! `DutyService.ListLeaves`

use super::{decode::given, duty, page::Page};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListLeavesRequest, ListLeavesResponse};
use uuid::Uuid;

pub(super) async fn list_leaves(
    rooms: &Rooms,
    mut request: ListLeavesRequest,
) -> Result<ListLeavesResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<Uuid>::decode(&request, size, &token, 100, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let person = given(request.person_id);
    let now = rooms.clock.now();
    let mut leaves =
        rooms.store.list_leaves(person.as_deref(), request.all, now, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut leaves, |record| record.leave.id);
    Ok(ListLeavesResponse { leaves: leaves.iter().map(duty::leave).collect(), next_page_token })
}
