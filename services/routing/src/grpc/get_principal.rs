//! `OrganisationService.GetPrincipal`

use super::citizens::{knows_citizens, shown};
use crate::{Rooms, error};
use gongdan_access::Caller;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetPrincipalRequest, Principal};

pub(super) async fn get_principal(
    rooms: &Rooms,
    caller: &Caller,
    request: GetPrincipalRequest,
) -> Result<Principal, Error> {
    let found = rooms.store.principal(&request.id, knows_citizens(caller)).await?;
    let (principal, version) = found.ok_or_else(error::principal_not_found)?;
    Ok(shown(caller, &principal, version))
}
