//! `OrganisationService.ListPrincipals`

use super::{
    citizens::{knows_citizens, shown},
    decode::{at, given},
    page::Page,
};
use crate::{Rooms, store::PrincipalFilter};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListPrincipalsRequest, ListPrincipalsResponse};

pub(super) async fn list_principals(
    rooms: &Rooms,
    caller: &Caller,
    mut request: ListPrincipalsRequest,
) -> Result<ListPrincipalsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let page = Page::<String>::decode(&request, size, &token, 200, 1000, &mut violations);
    let at = at(request.at, &mut violations);
    let (Some(page), Some(at)) = (page, at) else { return Err(violations.into_error()) };
    let filter = PrincipalFilter {
        unit_id: given(request.unit_id),
        role: given(request.role),
        citizens: knows_citizens(caller),
        at,
    };
    let after = page.after.clone().unwrap_or_default();
    let mut principals = rooms.store.list_principals(&filter, &after, page.limit()).await?;
    let next_page_token = page.cut(&mut principals, |at| at.principal.id.clone());
    let principals = principals.iter().map(|at| shown(caller, at)).collect();
    Ok(ListPrincipalsResponse { principals, next_page_token })
}
