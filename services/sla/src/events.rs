//! Events in and out: a ticket's event as the domain reads it, a clock's fact as it is published.

use crate::{consumers::response, grpc::convert, telemetry::change_name};
use gongdan_bus::{Event, Origin as BusOrigin, subject};
use gongdan_clock::new_id;
use gongdan_outbox::NewEvent;
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, clock_event},
    tickets::v1::{Phase, Ticket as PbTicket, TicketEvent},
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    Channel, Origin, Priority, TicketType, Urgency,
    clock::{Cause, Change, Fact},
    lifecycle::{Ticket, TicketFact},
    policy::Attributes,
};
use jiff::{SignedDuration, Timestamp};
use prost::Message as _;
use uuid::Uuid;

/// The name of this service on the bus.
pub const SOURCE: &str = "sla";

/// A ticket's event, and the policy set its catalogue item names (empty: none).
///
/// # Errors
/// What is missing or wrong, without personal data.
pub fn ticket_fact(event: &Event) -> Result<(TicketFact, String), String> {
    let payload: TicketEvent = event.decode().map_err(|error| error.to_string())?;
    let state = payload.state.ok_or("no state")?;
    let change = payload.change.ok_or("no change, or one this version does not know")?;
    let act = crate::consumers::acts::act(&change, &state)?;
    let responds = response::responds(&change, payload.actor.as_ref(), &state);
    let policy = state.sla_policy.clone();
    let fact = TicketFact {
        act,
        responds,
        occurred_at: gongdan_clock::to_micros(event.occurred_at),
        origin: match event.origin {
            BusOrigin::Live => Origin::Live,
            BusOrigin::Import => Origin::Import,
        },
        ticket: ticket(state, event.occurred_at)?,
    };
    Ok((fact, policy))
}

fn ticket(state: PbTicket, occurred_at: Timestamp) -> Result<Ticket, String> {
    let instant = |at: Option<prost_types::Timestamp>| {
        at.as_ref().and_then(|at| from_timestamp(at).ok()).map(gongdan_clock::to_micros)
    };
    let region = RegionCode::parse(&state.region).map_err(|_| "state.region is no region code")?;
    Ok(Ticket {
        id: Uuid::try_parse(&state.id).map_err(|_| "state.id is no UUID")?,
        pending_dispatch: state.phase() == Phase::PendingDispatch,
        unaccepted: state.phase() == Phase::Dispatched,
        quarantined: state.phase() == Phase::Quarantined,
        response: (state.response_seconds > 0)
            .then(|| SignedDuration::from_secs(i64::from(state.response_seconds))),
        round: state.round,
        region,
        received_at: instant(state.received_at).unwrap_or(occurred_at),
        first_dispatched_at: instant(state.first_dispatched_at),
        attributes: Attributes {
            kind: TicketType::try_from(state.r#type).ok(),
            item: state.item,
            priority: Priority::try_from(state.priority).ok(),
            urgency: Urgency::try_from(state.urgency).ok(),
            channel: Channel::try_from(state.channel).ok(),
            region: Some(region),
            customer_tier: state.customer_tier,
        },
        policy_set: state.sla_policy,
        number: state.number,
        unit_id: state.lead_unit_id,
        handler_id: state.handler_id,
    })
}

/// A fact as it goes to the event log.
#[must_use]
pub fn new_event(fact: &Fact, now: Timestamp) -> NewEvent {
    let clock = &fact.after;
    let kind = change_name(&fact.change);
    let payload = pb::ClockEvent {
        clock_id: clock.id.to_string(),
        version: clock.version,
        occurred_at: Some(to_timestamp(fact.occurred_at)),
        recorded_at: Some(to_timestamp(now)),
        origin: fact.origin.number(),
        state: Some(convert::clock(clock)),
        change: Some(change(&fact.change)),
    };
    NewEvent {
        id: new_id(now),
        aggregate_id: clock.id,
        version: clock.version,
        kind: kind.into(),
        subject: subject(SOURCE, kind, clock.region, clock.ticket_id),
        occurred_at: fact.occurred_at,
        recorded_at: now,
        origin: match fact.origin {
            Origin::Live => BusOrigin::Live,
            Origin::Import => BusOrigin::Import,
        },
        payload: payload.encode_to_vec(),
    }
}

fn change(change: &Change) -> clock_event::Change {
    use clock_event::Change as Pb;
    match change {
        Change::Started => Pb::Started(pb::ClockStarted {}),
        Change::Warned { percent, late } => {
            Pb::Warned(pb::ClockWarned { percent: i32::from(*percent), late: *late })
        }
        Change::Breached { late } => Pb::Breached(pb::ClockBreached { late: *late }),
        Change::Stopped { on_time } => Pb::Stopped(pb::ClockStopped { on_time: *on_time }),
        Change::Cancelled { reason } => {
            Pb::Cancelled(pb::ClockCancelled { reason: reason.as_str().to_owned() })
        }
        Change::Paused { runs_on } => Pb::Paused(pb::ClockPaused { runs_on: *runs_on }),
        Change::Resumed { previous_due_at } => {
            Pb::Resumed(pb::ClockResumed { previous_due_at: Some(to_timestamp(*previous_due_at)) })
        }
        Change::Extended { previous_due_at } => {
            Pb::Extended(pb::ClockExtended { previous_due_at: Some(to_timestamp(*previous_due_at)) })
        }
        Change::Restored => Pb::Restored(pb::ClockRestored {}),
        Change::Recalculated { previous_due_at, before, cause } => {
            let cause = match cause {
                Cause::Ticket => pb::RecalculationCause::Ticket,
                Cause::Terms => pb::RecalculationCause::Terms,
            };
            Pb::Recalculated(pb::ClockRecalculated {
                previous_due_at: Some(to_timestamp(*previous_due_at)),
                before: Some(convert::terms(before)),
                cause: cause.into(),
            })
        }
        Change::Restarted { previous_due_at } => {
            Pb::Restarted(pb::ClockRestarted { previous_due_at: Some(to_timestamp(*previous_due_at)) })
        }
    }
}
