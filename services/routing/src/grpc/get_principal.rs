//! `OrganisationService.GetPrincipal`

use super::{
    citizens::{knows_citizens, shown},
    decode::at,
};
use crate::{Rooms, error};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{GetPrincipalRequest, Principal};

pub(super) async fn get_principal(
    rooms: &Rooms,
    caller: &Caller,
    request: GetPrincipalRequest,
) -> Result<Principal, Error> {
    let mut violations = Violations::new();
    let Some(at) = at(request.at, &mut violations) else { return Err(violations.into_error()) };
    let found = rooms.store.principal(&request.id, at, knows_citizens(caller)).await?;
    Ok(shown(caller, &found.ok_or_else(error::principal_not_found)?))
}
