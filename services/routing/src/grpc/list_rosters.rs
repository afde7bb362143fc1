//! `DutyService.ListRosters`

use super::{decode::given, duty, page::Page};
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListRostersRequest, ListRostersResponse};

pub(super) async fn list_rosters(
    rooms: &Rooms,
    mut request: ListRostersRequest,
) -> Result<ListRostersResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<String>::decode(&request, size, &token, 50, 200, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let unit = given(request.unit_id);
    let after = page.after.clone().unwrap_or_default();
    let mut rosters = rooms.store.list_rosters(unit.as_deref(), &after, page.limit()).await?;
    let next_page_token = page.cut(&mut rosters, |revision| revision.roster.id.clone());
    Ok(ListRostersResponse { rosters: rosters.iter().map(duty::roster).collect(), next_page_token })
}
