//! `DutyService.GetRoster`

use super::duty;
use crate::{Rooms, error};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetRosterRequest, Roster};

pub(super) async fn get_roster(rooms: &Rooms, request: GetRosterRequest) -> Result<Roster, Error> {
    let revision = rooms.store.roster(&request.id).await?.ok_or_else(error::roster_not_found)?;
    Ok(duty::roster(&revision))
}
