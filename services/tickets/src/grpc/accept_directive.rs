//! `SupervisionService.AcceptDirective`. Source: T23.

use super::decode::{acting, call, uuid};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Note;

pub(super) async fn accept_directive(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::AcceptDirectiveRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let id = violations.field("directive_id", uuid(&request.directive_id));
    let note = violations.field("note", Note::parse(&request.note));
    let (Some(call), Some(id), Some(note), true) = (call, id, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened.ticket.accept_directive(id, note, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
