//! `TicketService.ResolveTicket` (办结). Source: T19.

use super::decode::{acting, call, given, unit_if_given};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Outcome, ReplyText, RootCause, Solution, UnitId};

struct Resolve {
    outcome: Outcome,
    solution: Solution,
    root_cause: RootCause,
    responsible_unit: Option<UnitId>,
    reply: ReplyText,
}

fn decode(request: &pb::ResolveTicketRequest, violations: &mut Violations) -> Option<Resolve> {
    let outcome = given("outcome", Outcome::from_number(request.outcome), violations);
    let solution = violations.field("solution", Solution::parse(&request.solution));
    let root_cause = violations.field("root_cause", RootCause::parse(&request.root_cause));
    let responsible_unit = unit_if_given("responsible_unit_id", &request.responsible_unit_id, violations);
    let reply = violations.field("reply", ReplyText::parse(&request.reply));
    Some(Resolve {
        outcome: outcome?,
        solution: solution?,
        root_cause: root_cause?,
        responsible_unit,
        reply: reply?,
    })
}

pub(super) async fn resolve_ticket(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::ResolveTicketRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let (Some(call), Some(resolve), true) = (call, decode(&request, &mut violations), violations.is_empty())
    else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let Resolve { outcome, solution, root_cause, responsible_unit, reply } = resolve;
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let changed = opened
        .ticket
        .resolve(outcome, solution, root_cause, responsible_unit, reply, &by, now)
        .map_err(refused)?;
    rooms.tickets.save(opened.view, &changed, &call).await
}
