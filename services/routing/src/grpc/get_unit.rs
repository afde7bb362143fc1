//! `OrganisationService.GetUnit`

use crate::{Rooms, error, events};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetUnitRequest, Unit};

pub(super) async fn get_unit(rooms: &Rooms, request: GetUnitRequest) -> Result<Unit, Error> {
    let (unit, version) = rooms.store.unit(&request.id).await?.ok_or_else(error::unit_not_found)?;
    Ok(events::unit(&unit, version))
}
