//! `HandlingService.RequestAssist` (协办). Source: T14.

use super::decode::{acting, call, instant};
use crate::{Rooms, error::refused, store::tickets::Opened};
use gongdan_access::Caller;
use gongdan_clock::new_id;
use gongdan_errors::{Error, Violations};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{ClockKind, PolicyAttributes, PreviewDeadlineRequest, preview_deadline_request::Amount},
    tickets::v1 as pb,
    to_timestamp,
};
use gongdan_tickets_domain::{Reason, Ticket, UnitId};
use jiff::Timestamp;
use std::time::Duration;

/// How long sla has time to say when an assist is due.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn request_assist(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::RequestAssistRequest,
) -> Result<pb::Ticket, Error> {
    let mut violations = Violations::new();
    let call = call(&mut request, caller, &mut violations);
    let unit = violations.field("unit_id", UnitId::parse(&request.unit_id));
    let given = instant("due_at", request.due_at, &mut violations);
    let wanted = violations.field("request", Reason::parse(&request.request));
    let (Some(call), Some(unit), Some(wanted), true) = (call, unit, wanted, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let opened = match rooms.tickets.open(&call).await? {
        Opened::Answered(answer) => return Ok(*answer),
        Opened::Fresh(opened) => opened,
    };
    let (by, now) = (acting(caller, &opened)?, rooms.clock.now());
    let due_at = match given {
        Some(due_at) => Some(due_at),
        None => assist_due(rooms, &opened.ticket, now).await,
    };
    let changed =
        opened.ticket.request_assist(new_id(now), unit.clone(), due_at, wanted, &by, now).map_err(refused)?;
    rooms.units.check(&unit, now).await?;
    rooms.tickets.save(opened.view, &changed, &call).await
}

/// What the policy gives for an assist. None when sla cannot be asked: its clock goes by the policy all the same, and
/// GetTicket has it from there.
async fn assist_due(rooms: &Rooms, ticket: &Ticket, now: Timestamp) -> Option<Timestamp> {
    let attributes = PolicyAttributes {
        policy_set: ticket.sla_policy.clone(),
        kind: ClockKind::Assist.into(),
        r#type: ticket.kind.number(),
        item: ticket.item.clone(),
        priority: ticket.priority.number(),
        urgency: ticket.urgency.number(),
        channel: ticket.channel.number(),
        region: ticket.region.to_string(),
        customer_tier: String::new(),
    };
    let request = PreviewDeadlineRequest {
        start: Some(to_timestamp(now)),
        amount: Some(Amount::Attributes(attributes)),
        ..PreviewDeadlineRequest::default()
    };
    let mut sla = rooms.sla.clone();
    match tokio::time::timeout(PATIENCE, sla.preview_deadline(request)).await {
        Ok(Ok(answer)) => answer.into_inner().due_at.as_ref().and_then(|due| from_timestamp(due).ok()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "sla does not say when an assist is due");
            None
        }
        Err(_) => {
            tracing::warn!("sla takes too long to say when an assist is due");
            None
        }
    }
}
