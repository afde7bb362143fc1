//! `ResponsibilityService.ListResponsibilities`. Source: R5.

use super::{decode::given, page::Page, responsibility};
use crate::{Rooms, store::ResponsibilityFilter};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListResponsibilitiesRequest, ListResponsibilitiesResponse};
use gongdan_routing_domain::responsible::check_asset;
use uuid::Uuid;

pub(super) async fn list_responsibilities(
    rooms: &Rooms,
    caller: &Caller,
    mut request: ListResponsibilitiesRequest,
) -> Result<ListResponsibilitiesResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<Uuid>::decode(&request, size, &token, 100, 500, &mut violations);
    let customer_id = given(request.customer_id)
        .and_then(|id| violations.field("customer_id", Uuid::try_parse(&id).map_err(|_| "a UUID")));
    let asset = given(request.asset)
        .and_then(|asset| violations.field("asset", check_asset(&asset).map(ToOwned::to_owned)));
    let (Some(page), true) = (page, violations.is_empty()) else { return Err(violations.into_error()) };
    let filter =
        ResponsibilityFilter { customer_id, asset, person_id: given(request.person_id), all: request.all };
    let now = rooms.clock.now();
    let scope = caller.scope();
    let mut found = rooms.store.list_responsibilities(&scope, &filter, now, page.after, page.limit()).await?;
    let next_page_token = page.cut(&mut found, |kept| kept.one.id);
    let responsibilities = found.iter().map(responsibility::show).collect();
    Ok(ListResponsibilitiesResponse { responsibilities, next_page_token })
}
