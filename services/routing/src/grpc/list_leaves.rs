//! `DutyService.ListLeaves`

use super::{decode::given, duty, page::Page};
use crate::{
    Rooms,
    store::{LeaveRecord, Writer},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListLeavesRequest, ListLeavesResponse};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The action of who writes leave.
const WRITES: &str = "duty.write";

pub(super) async fn list_leaves(
    rooms: &Rooms,
    caller: &Caller,
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
    let people: BTreeSet<&str> = leaves.iter().map(|record| record.leave.person_id.as_str()).collect();
    let people: Vec<String> = people.into_iter().map(ToOwned::to_owned).collect();
    let people = rooms.store.persons(&people).await?;
    let writes = caller.scope_of(WRITES).is_everything();
    let concerned = |person: &str| {
        person == caller.principal_id || (writes && Writer(caller).answers_for_person(people.get(person)))
    };
    let shown = |record: &LeaveRecord| {
        gongdan_audit::touched("principal", &record.leave.person_id);
        let mut leave = duty::leave(record);
        if !concerned(&leave.person_id) {
            leave.reason.clear();
        }
        leave
    };
    Ok(ListLeavesResponse { leaves: leaves.iter().map(shown).collect(), next_page_token })
}
