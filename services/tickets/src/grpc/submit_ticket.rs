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
use gongdan_tickets_domain::{Action, Body, Refusal, Subject, groups::form::Open};

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
    let (by, now) = (by(caller)?, rooms.clock.now());
    let (subject, body) = complete(rooms, &opened, Action::Submit).await?;
    let Fresh { ticket, view, .. } = *opened;
    let waits = quarantine::until_of(rooms, ticket.customer_id, &by, ticket.channel, now).await?;
    let changed = match waits {
        Some(until) => ticket.quarantine(subject, body, until, &by, now),
        None => ticket.submit(subject, body, &by, now),
    };
    let changed = changed.map_err(refused)?;
    rooms.tickets.save(view, &changed, &call).await
}

/// What a draft says, all that is needed. It may have been saved without subject, body, type, region, or what its form
/// requires: every one that it leaves open is named. Source: T2.
pub(super) async fn complete(
    rooms: &Rooms,
    opened: &Fresh,
    action: Action,
) -> Result<(Subject, Body), Error> {
    let Fresh { ticket, view, .. } = opened;
    if !action.is_allowed_in(ticket.phase) {
        return Err(refused(Refusal::Phase { phase: ticket.phase, action }));
    }
    let mut violations = Violations::new();
    let part = &ticket.groups.form;
    let subject = violations.field(Open::Subject.name(), Subject::parse(&view.subject));
    let body = violations.field(Open::Body.name(), Body::parse(&view.body));
    for open in part.open.iter().filter(|open| !matches!(open, Open::Subject | Open::Body)) {
        violations.add(open.name(), "given before the draft is submitted");
    }
    if !part.form.is_empty() {
        let known = rooms.forms.known(&part.form, part.form_version).await?;
        let values = view.filled_in(&rooms.customers.sealer)?;
        check("custom_fields", &known.form, &values, false, &mut violations);
    }
    match (subject, body, violations.is_empty()) {
        (Some(subject), Some(body), true) => Ok((subject, body)),
        _ => Err(violations.into_error()),
    }
}
