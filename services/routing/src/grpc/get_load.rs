//! `DutyService.GetLoad`

use super::duty;
use crate::{Rooms, error};
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{GetLoadRequest, PersonLoad};
use gongdan_routing_domain::{duty::DutyBook, strategy::Load};

pub(super) async fn get_load(rooms: &Rooms, request: GetLoadRequest) -> Result<PersonLoad, Error> {
    let ids = [request.person_id];
    let people = rooms.store.persons(&ids).await?;
    let [id] = ids;
    let person = people.get(&id).ok_or_else(error::principal_not_found)?;
    let book = rooms.store.capacities(&person.unit_ids).await?;
    let loads = rooms.store.loads(std::slice::from_ref(&id)).await?;
    let unit = person.unit_ids.first().map(String::as_str).unwrap_or_default();
    let load = loads.get(&id).copied().unwrap_or_default();
    Ok(shown(&book, unit, id, load, rooms.capacity))
}

/// What a person of a unit has in hand.
pub(super) fn shown(book: &DutyBook, unit_id: &str, person: String, load: Load, default: u32) -> PersonLoad {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    PersonLoad {
        capacity: number(duty::capacity(book, unit_id, &person, default)),
        person_id: person,
        held: number(load.held),
        reserved: number(load.reserved),
    }
}
