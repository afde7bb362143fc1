//! `CirculationService.ListCirculations`. Source: T34.

use super::{
    decode::{after, page_size, page_token, ticket_ref},
    viewer::viewer_of,
};
use crate::{
    Rooms,
    store::{
        circulations::{self, After, Circulation, Reader, Which},
        list,
        scope::READ,
    },
};
use gongdan_access::Caller;
use gongdan_auth::role;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::error;
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    tickets::v1 as pb,
    to_timestamp,
};
use gongdan_tickets_domain::mask_numbers;
use uuid::Uuid;

pub(super) async fn list_circulations(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::ListCirculationsRequest,
) -> Result<pb::ListCirculationsResponse, Error> {
    let mut violations = Violations::new();
    let ticket = match request.ticket.as_str() {
        "" => None,
        text => ticket_ref(text, &mut violations),
    };
    let size = page_size(request.page_size, 50, 200, &mut violations);
    // A token belongs to what was asked for.
    let asked = pb::ListCirculationsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let place = after(&request.page_token, &asked, &mut violations);
    violations.finish()?;
    let ticket = match ticket {
        Some(ticket) => {
            let view = rooms.tickets.view(&ticket).await?;
            view.check_seen(caller)?;
            gongdan_audit::touched("ticket", view.id);
            Some(view.id)
        }
        None => None,
    };
    let which = Which {
        id: None,
        ticket,
        unread: request.unread_only,
        after: place.map(|place| After { at: place.received_at, id: place.id }),
    };
    let mut found = list(rooms, caller, which, size + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > size);
    if more {
        found.pop();
    }
    let next_page_token = match found.last() {
        Some(last) if more => {
            page_token(list::After { received_at: last.circulated_at.to_jiff(), id: last.id }, &asked)
        }
        _ => String::new(),
    };
    Ok(pb::ListCirculationsResponse { circulations: present(rooms, caller, found).await?, next_page_token })
}

async fn list(rooms: &Rooms, caller: &Caller, which: Which, limit: i64) -> Result<Vec<Circulation>, Error> {
    let reader = Reader {
        person: &caller.principal_id,
        units: reader_units(caller),
        leads: caller.has_role(role::UNIT_LEADER),
        scope: &caller.scope_of(READ),
    };
    circulations::list(&rooms.pool, &reader, which, limit).await.map_err(error)
}

/// The units inside of which the caller is.
pub(super) fn reader_units(caller: &Caller) -> &[String] {
    &caller.unit_ids
}

/// One that the caller is shown.
pub(super) async fn find(rooms: &Rooms, caller: &Caller, id: Uuid) -> Result<Circulation, Error> {
    let found = list(rooms, caller, Which { id: Some(id), ..Which::default() }, 1).await?.pop();
    found.ok_or_else(|| {
        Error::not_found(Reason::CirculationNotFound, "no such circulation is shown to the caller")
    })
}

/// As they are answered, with who has read them.
pub(super) async fn present(
    rooms: &Rooms,
    caller: &Caller,
    found: Vec<Circulation>,
) -> Result<Vec<pb::Circulation>, Error> {
    let ids: Vec<Uuid> = found.iter().map(|circulation| circulation.id).collect();
    let readers = circulations::readers(&rooms.pool, &ids).await.map_err(error)?;
    let tickets: Vec<Uuid> = found.iter().filter_map(|circulation| circulation.ticket_id).collect();
    let views = rooms.tickets.views(&tickets).await?;
    let one = |circulation: Circulation| {
        let id = circulation.id;
        // Of a ticket whose reporter nobody is to know, not by name either.
        let text = match circulation.ticket_id.and_then(|id| views.get(&id)) {
            Some(view) => view.told_to(viewer_of(caller, view)?, &rooms.customers.sealer)?(&circulation.text),
            None => mask_numbers(&circulation.text),
        };
        let of = |(of, person, at): &(Uuid, String, jiff::Timestamp)| {
            let read = pb::CirculationRead { person_id: person.clone(), read_at: Some(to_timestamp(*at)) };
            (*of == id).then_some(read)
        };
        let reads: Vec<pb::CirculationRead> = readers.reads.iter().filter_map(of).collect();
        let unread = readers.unread.iter().filter(|(of, _)| *of == id).map(|(_, person)| person.clone());
        let own = reads.iter().find(|read| read.person_id == caller.principal_id);
        Ok(pb::Circulation {
            id: id.to_string(),
            ticket_id: circulation.ticket_id.map(|id| id.to_string()).unwrap_or_default(),
            ticket_number: circulation.ticket_number.unwrap_or_default(),
            unit_id: circulation.unit_id,
            person_ids: circulation.person_ids,
            title: circulation.title,
            text,
            circulated_by: Some(ActorRef {
                id: circulation.circulated_by,
                name: circulation.circulated_by_name,
                kind: PrincipalKind::Person.into(),
                ..ActorRef::default()
            }),
            circulated_at: Some(to_timestamp(circulation.circulated_at.to_jiff())),
            read_at: own.and_then(|read| read.read_at),
            unread_person_ids: unread.collect(),
            reads,
        })
    };
    found.into_iter().map(one).collect()
}
