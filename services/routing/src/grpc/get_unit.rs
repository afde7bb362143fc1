//! `OrganisationService.GetUnit`

use super::decode::at;
use crate::{Rooms, error, events};
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{GetUnitRequest, Unit};

pub(super) async fn get_unit(rooms: &Rooms, request: GetUnitRequest) -> Result<Unit, Error> {
    let mut violations = Violations::new();
    let Some(at) = at(request.at, &mut violations) else { return Err(violations.into_error()) };
    let unit = rooms.store.unit(&request.id, at).await?.ok_or_else(error::unit_not_found)?;
    Ok(events::unit_at(&unit))
}
