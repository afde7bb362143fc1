//! `WorkflowService.AdvanceTicket` (推进). Source: T31.

use super::decode::{acting, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Note;

pub(super) async fn advance_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::AdvanceTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let note = violations.field("note", Note::parse(&request.note));
    if request.step.is_empty() {
        violations.add("step", "a step of the ticket's phase");
    }
    let (Some(call), Some(note), true) = (call, note, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let workflow = rooms.tickets.workflows.of(&opened.ticket).await?;
    let changed = opened.ticket.advance(&request.step, note, &workflow, &by, now).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
