//! `VisitService.BookVisit` (预约上门). Source: T15.

use super::{
    decode::{acting, call, person_if_given},
    visits::{check_person, window},
};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Note;

pub(super) async fn book_visit(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::BookVisitRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let window = window(request.window_start, request.window_end, &mut violations);
    let person = person_if_given("person_id", &request.person_id, &mut violations);
    let note = violations.field("note", Note::parse(&request.note));
    let (Some(call), Some(window), Some(note), true) = (call, window, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed =
        opened.ticket.book_visit(new_id(now), window, person.clone(), note, &by, now).map_err(refused)?;
    if let Some(person) = &person {
        check_person(rooms, changed.ticket.sensitive, person).await?;
    }
    rooms.tickets.save(opened.view, &changed, &call).await
}
