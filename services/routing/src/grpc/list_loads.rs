//! `DutyService.ListLoads`

use super::{get_load::shown, page::Page};
use crate::{Rooms, error, store::PrincipalFilter};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListLoadsRequest, ListLoadsResponse};
use gongdan_routing_domain::PrincipalKind;

pub(super) async fn list_loads(
    rooms: &Rooms,
    mut request: ListLoadsRequest,
) -> Result<ListLoadsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<String>::decode(&request, size, &token, 100, 500, &mut violations);
    let Some(page) = page else { return Err(violations.into_error()) };
    let unit_id = request.unit_id;
    rooms.store.unit(&unit_id, None).await?.ok_or_else(error::unit_not_found)?;
    let filter = PrincipalFilter { unit_id: Some(unit_id.clone()), ..PrincipalFilter::default() };
    let after = page.after.clone().unwrap_or_default();
    let people = rooms.store.list_principals(&filter, &after, page.limit()).await?;
    let mut people: Vec<_> = people.into_iter().map(|at| at.principal).collect();
    let next_page_token = page.cut(&mut people, |person| person.id.clone());
    let ids: Vec<String> = people
        .into_iter()
        .filter(|person| person.kind == PrincipalKind::Person)
        .map(|person| person.id)
        .collect();
    let book = rooms.store.capacities(std::slice::from_ref(&unit_id)).await?;
    let loads = rooms.store.loads(&ids).await?;
    let shown = ids.into_iter().map(|id| {
        let load = loads.get(&id).copied().unwrap_or_default();
        shown(&book, &unit_id, id, load, rooms.capacity)
    });
    Ok(ListLoadsResponse { loads: shown.collect(), next_page_token })
}
