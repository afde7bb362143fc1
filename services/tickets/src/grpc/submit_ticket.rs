//! `TicketService.SubmitTicket` (提交). Source: T4.

use super::{
    custom_fields::check,
    decode::{by, call},
    quarantine,
};
use crate::{
    Rooms,
    error::refused,
    store::tickets::{Fresh, Opened},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Action, Body, Subject};

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
    let (by, now) = (by(caller)?, rooms.clock.now());
    complete(rooms, &opened).await?;
    let Fresh { ticket, view, .. } = *opened;
    let waits = quarantine::until_of(rooms, ticket.customer_id, &by, ticket.channel, now).await?;
    let changed = match waits {
        Some(until) => ticket.quarantine(subject, body, until, &by, now),
        None => ticket.submit(subject, body, &by, now),
    };
    let changed = changed.map_err(refused)?;
    rooms.tickets.save(view, &changed, &call).await
}

/// A draft may have been saved without what its form requires.
pub(super) async fn complete(rooms: &Rooms, opened: &Fresh) -> Result<(), Error> {
    let part = &opened.ticket.groups.form;
    if part.form.is_empty() || !Action::Submit.is_allowed_in(opened.ticket.phase) {
        return Ok(());
    }
    let known = rooms.forms.known(&part.form, part.form_version).await?;
    let values = opened.view.filled_in(&rooms.customers.sealer)?;
    let mut violations = Violations::new();
    check("custom_fields", &known.form, &values, false, &mut violations);
    violations.finish()
}
