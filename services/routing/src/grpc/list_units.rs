//! `OrganisationService.ListUnits`

use super::{
    decode::{at, given, region},
    page::Page,
};
use crate::{
    Rooms,
    events::{self, from_unit_kind},
    store::UnitFilter,
};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListUnitsRequest, ListUnitsResponse, UnitKind};
use gongdan_region::Regions;

pub(super) async fn list_units(rooms: &Rooms, request: ListUnitsRequest) -> Result<ListUnitsResponse, Error> {
    let (filter, page) = decode(request)?;
    let after = page.after.clone().unwrap_or_default();
    let mut units = rooms.store.list_units(&filter, &after, page.limit()).await?;
    let next_page_token = page.cut(&mut units, |at| at.unit.id.clone());
    let units = units.iter().map(events::unit_at).collect();
    Ok(ListUnitsResponse { units, next_page_token })
}

fn decode(mut request: ListUnitsRequest) -> Result<(UnitFilter, Page<String>), Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::decode(&request, size, &token, 200, 1000, &mut violations);
    let region = violations.field("region", region(&request.region));
    let kind = violations.field("kind", UnitKind::try_from(request.kind).map_err(|_| "an unknown kind"));
    let at = at(request.at, &mut violations);
    let (Some(page), Some(region), Some(kind), Some(at)) = (page, region, kind, at) else {
        return Err(violations.into_error());
    };
    let filter = UnitFilter {
        range: region.map(|code| Regions::national().range(code)),
        parent_id: given(request.parent_id),
        kind: from_unit_kind(kind),
        at,
    };
    Ok((filter, page))
}
