//! `DutyService.ListOnDuty`

use super::duty;
use crate::{Rooms, error};
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    routing::v1::{DutyEntry, DutyStanding, ListOnDutyRequest, ListOnDutyResponse},
    to_timestamp,
};
use gongdan_routing_domain::{
    PersonEntry,
    duty::{Standing, UnitDuty},
};

pub(super) async fn list_on_duty(
    rooms: &Rooms,
    request: ListOnDutyRequest,
) -> Result<ListOnDutyResponse, Error> {
    let mut violations = Violations::new();
    let at = match &request.at {
        None => Some(rooms.clock.now()),
        given => violations.field("at", duty::instant(given.as_ref())),
    };
    let Some(at) = at else { return Err(violations.into_error()) };
    rooms.store.unit(&request.unit_id, None).await?.ok_or_else(error::unit_not_found)?;
    let (book, members) = rooms.store.unit_duty(&request.unit_id, at).await?;
    let duty = book.unit(&request.unit_id, at);
    let mut people: Vec<DutyEntry> =
        members.into_iter().map(|(id, person, name)| entry(&duty, id, &person, name)).collect();
    people.sort_by_key(|entry| entry.standing() != DutyStanding::OnDuty);
    Ok(ListOnDutyResponse { people, rostered: duty.rostered, at: Some(to_timestamp(at)) })
}

fn entry(duty: &UnitDuty<'_>, person_id: String, person: &PersonEntry, person_name: String) -> DutyEntry {
    let standing = duty.of(&person_id);
    let entry = DutyEntry { person_id, person_name, ..DutyEntry::default() };
    if !person.active {
        return DutyEntry { standing: DutyStanding::Inactive.into(), ..entry };
    }
    match standing {
        Standing::OnDuty(on) => {
            let (roster_id, shift) = on.shift.unwrap_or_default();
            DutyEntry {
                standing: DutyStanding::OnDuty.into(),
                roster_id,
                shift,
                until: on.until.map(to_timestamp),
                instead_of: on.instead_of.unwrap_or_default(),
                ..entry
            }
        }
        Standing::OffDuty => DutyEntry { standing: DutyStanding::OffDuty.into(), ..entry },
        Standing::OnLeave { until, stand_in_id } => DutyEntry {
            standing: DutyStanding::OnLeave.into(),
            until: Some(to_timestamp(until)),
            stand_in_id: stand_in_id.unwrap_or_default(),
            ..entry
        },
        Standing::Replaced { by } => DutyEntry {
            standing: DutyStanding::Replaced.into(),
            stand_in_id: by.unwrap_or_default(),
            ..entry
        },
    }
}
