//! `OrganisationService.ListAreas`

use super::{
    decode::{at, given, region},
    page::Page,
    show,
};
use crate::{
    Rooms,
    store::{AreaCursor, AreaFilter},
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListAreasRequest, ListAreasResponse};

pub(super) async fn list_areas(
    rooms: &Rooms,
    mut request: ListAreasRequest,
) -> Result<ListAreasResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::decode(&request, size, &token, 200, 1000, &mut violations);
    let region = violations.field("region", region(&request.region));
    let at = at(request.at, &mut violations);
    let (Some(page), Some(region), Some(at)) = (page, region, at) else {
        return Err(violations.into_error());
    };
    let filter = AreaFilter { region, unit_id: given(request.unit_id), at };
    let mut areas = rooms.store.list_areas(&filter, page.after.as_ref(), page.limit()).await?;
    let cursor =
        |area: &gongdan_routing_domain::Area| AreaCursor { range: area.range, item: area.item.clone() };
    let next_page_token = page.cut(&mut areas, cursor);
    Ok(ListAreasResponse { areas: areas.iter().map(show::area).collect(), next_page_token })
}
