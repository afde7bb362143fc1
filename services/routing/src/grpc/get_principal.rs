//! `OrganisationService.GetPrincipal`

use crate::{Rooms, error, events};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetPrincipalRequest, Principal};

pub(super) async fn get_principal(rooms: &Rooms, request: GetPrincipalRequest) -> Result<Principal, Error> {
    let found = rooms.store.principal(&request.id).await?;
    let (principal, version) = found.ok_or_else(error::principal_not_found)?;
    Ok(events::principal(&principal, version))
}
