//! `OrganisationService.ListPrincipals`

use super::{decode::given, page::Page};
use crate::{Rooms, events, store::PrincipalFilter};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{ListPrincipalsRequest, ListPrincipalsResponse};

pub(super) async fn list_principals(
    rooms: &Rooms,
    mut request: ListPrincipalsRequest,
) -> Result<ListPrincipalsResponse, Error> {
    let (size, token) = (std::mem::take(&mut request.page_size), std::mem::take(&mut request.page_token));
    let mut violations = Violations::new();
    let Some(page) = Page::<String>::decode(&request, size, &token, 200, 1000, &mut violations) else {
        return Err(violations.into_error());
    };
    let filter = PrincipalFilter { unit_id: given(request.unit_id), role: given(request.role) };
    let after = page.after.clone().unwrap_or_default();
    let mut principals = rooms.store.list_principals(&filter, &after, page.limit()).await?;
    let next_page_token = page.cut(&mut principals, |(principal, _)| principal.id.clone());
    let principals =
        principals.iter().map(|(principal, version)| events::principal(principal, *version)).collect();
    Ok(ListPrincipalsResponse { principals, next_page_token })
}
