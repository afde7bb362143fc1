//! `CirculationService.CirculateTicket` (传阅). Source: T34.

use super::decode::{acting, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Note, PrincipalId, groups::circulation::MOST_PERSONS};

pub(super) async fn circulate_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::CirculateTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let mut persons: Vec<PrincipalId> = Vec::new();
    for (at, id) in request.person_ids.iter().enumerate() {
        let person = violations.field(format!("person_ids[{at}]"), PrincipalId::parse(id));
        persons.extend(person.filter(|person| !persons.contains(person)));
    }
    if request.person_ids.len() > MOST_PERSONS {
        violations.add("person_ids", format!("at most {MOST_PERSONS}; none: all of the unit"));
    }
    let note = violations.field("note", Note::parse(&request.note));
    let (Some(call), Some(note), true) = (call, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.circulate(new_id(now), persons.clone(), note, &by, now).map_err(refused)?;
    if let Some(unit) = &changed.ticket.lead_unit {
        rooms.units.check_members(unit, &persons).await?;
    }
    rooms.tickets.save(opened.view, &changed, &call).await
}
