//! A person of the unit gets the ticket: what BulkAct does with `assign`. Source: T13, T29.

use super::{decode::acting, recipient::check_recipient, viewer::viewer};
use crate::{
    Rooms,
    error::refused,
    store::tickets::{Call, Opened, TicketRef},
};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Note, Phase, PrincipalId, Reason};
use uuid::Uuid;

const METHOD: &str = "BulkAct/assign";

/// What waits in the unit's pool is dispatched, what the unit has is handed on; either by the right to do it.
pub(super) async fn assign_ticket(
    rooms: &Rooms,
    caller: &Caller,
    ticket: Uuid,
    request_id: Uuid,
    request: &pb::BulkAssign,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let person = violations.field("person_id", PrincipalId::parse(&request.person_id));
    let reason = violations.field("reason", Reason::parse(&request.reason));
    let (Some(person), Some(reason)) = (person, reason) else { return Err(violations.into_error()) };
    let ticket = TicketRef::Id(ticket);
    let waits = rooms.tickets.view(&ticket).await?.ticket()?.phase == Phase::PendingDispatch;
    let caller = caller.doing(if waits { "tickets.dispatch" } else { "tickets.transfer" });
    let key = RequestKey {
        caller: caller.principal_id.clone(),
        method: METHOD,
        request_id,
        hash: hash_of(request),
    };
    let viewer = viewer(&caller).masked();
    let call = Call { caller: caller.clone(), key, ticket, etag: None, viewer };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => *opened,
    };
    let (by, now) = (acting(&caller, &opened)?, rooms.clock.now());
    let unit = opened.ticket.desk().cloned();
    let unit =
        unit.ok_or_else(|| Error::invalid_field("ticket", "one that a unit has, or whose pool it waits in"))?;
    let changed = if opened.ticket.phase == Phase::PendingDispatch {
        let note = Note::parse(reason.as_str()).map_err(Error::internal)?;
        opened.ticket.dispatch(unit.clone(), Some(person.clone()), note, &by, now)
    } else {
        opened.ticket.transfer(unit.clone(), Some(person.clone()), reason, &by, now)
    };
    let changed = changed.map_err(refused)?;
    check_recipient(rooms, &changed.ticket, &unit, Some(&person), now).await?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
