//! `ReassignmentService.ListReassignments`

use super::{
    decode::given,
    page::Page,
    reassignments::{reach, shown},
};
use crate::{Rooms, store::ReassignmentFilter};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListReassignmentsRequest, ListReassignmentsResponse};
use uuid::Uuid;

pub(super) async fn list_reassignments(
    rooms: &Rooms,
    caller: &Caller,
    mut request: ListReassignmentsRequest,
) -> Result<ListReassignmentsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<Uuid>::decode(&request, size, &token, 50, 200, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let filter = ReassignmentFilter {
        person_id: given(request.person_id),
        running: request.running,
        reach: reach(caller),
    };
    let mut found = rooms.store.list_reassignments(&filter, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut found, |one| one.id);
    Ok(ListReassignmentsResponse { reassignments: shown(rooms, found).await?, next_page_token })
}
