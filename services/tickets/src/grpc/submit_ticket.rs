//! `TicketService.SubmitTicket` (提交). Source: T4.

use super::decode::{by, call};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Body, Subject};

pub(super) async fn submit_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::SubmitTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let Some(call) = call else { return Err(violations.into_error()) };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let subject = Subject::parse(&opened.view.subject).map_err(Error::internal)?;
    let body = Body::parse(&opened.view.body).map_err(Error::internal)?;
    let changed = opened.ticket.submit(subject, body, &by(caller)?, rooms.clock.now()).map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
