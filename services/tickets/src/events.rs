//! Domain event → proto event and subject.

use crate::store::{chain, circulations::NewCirculation, citizens, records, state};
use gongdan_bus as bus;
use gongdan_clock::new_id;
use gongdan_errors::Error;
use gongdan_outbox::{NewEvent, Origin as BusOrigin};
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    tickets::v1::{self as pb, ticket_event::Change as PbChange},
    to_timestamp,
};
use gongdan_tickets_domain::{
    Change, Changed, ERASED, Event, HandoverCause, Named, Origin, Personal, Ticket, mask_numbers,
};
use jiff::Timestamp;
use prost::{
    Message as _,
    encoding::{WireType, encode_key, encode_varint},
};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

/// This service on the bus.
pub(crate) const SOURCE: &str = "tickets";

/// Number of `TicketEvent.state`.
const STATE: u32 = 8;

/// What an act writes: its events, and the encoded state after the last one.
#[derive(Debug)]
pub(crate) struct Written {
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// The ticket now, as the contract has it.
    pub ticket: pb::Ticket,
    /// Its bytes: what the row keeps and the last event carries.
    pub state: Vec<u8>,
}

/// Encodes an act's events; each state is encoded once and goes into event and row as it is.
pub(crate) fn write(changed: &Changed, recorded_at: Timestamp) -> Written {
    let mut events = Vec::with_capacity(changed.steps.len());
    let mut state = Vec::new();
    let mut last = None;
    // What the row had before is what each of the steps still has.
    let mut link = changed.ticket.chain.clone();
    for (event, after) in &changed.steps {
        let mut written = event_of(event, after, changed, recorded_at);
        link = chain::link(&mut written, &link, |salt| rand::rng().fill_bytes(salt));
        let ticket = written.state.take().unwrap_or_default();
        state = ticket.encode_to_vec();
        let payload = payload(&written, &state);
        events.push(NewEvent {
            id: new_id(recorded_at),
            aggregate_id: after.id,
            version: event.version,
            kind: event.change.name().into(),
            subject: bus::subject(SOURCE, event.change.name(), after.region, after.id),
            occurred_at: event.occurred_at,
            recorded_at,
            origin: match event.origin {
                Origin::Live => BusOrigin::Live,
                Origin::Import => BusOrigin::Import,
            },
            payload,
        });
        last = Some(ticket);
    }
    let ticket = last.unwrap_or_else(|| state::to_pb(&changed.ticket));
    Written { events, ticket, state }
}

/// Name of the event that says that something was announced inside a unit.
pub(crate) const ANNOUNCED: &str = "announced";

/// The fact that something was announced, which is of no ticket and of no one region. Source: T34.
pub(crate) fn announced(new: &NewCirculation, recorded_at: Timestamp) -> NewEvent {
    let payload = pb::AnnouncementEvent {
        circulation_id: new.id.to_string(),
        occurred_at: Some(to_timestamp(new.at)),
        recorded_at: Some(to_timestamp(recorded_at)),
        unit_id: new.unit.clone(),
        circulated_by: Some(ActorRef {
            id: new.by.clone(),
            name: new.by_name.clone(),
            kind: PrincipalKind::Person.into(),
            ..ActorRef::default()
        }),
    };
    NewEvent {
        id: new_id(recorded_at),
        aggregate_id: new.id,
        version: 1,
        kind: ANNOUNCED.into(),
        subject: format!("{SOURCE}.v1.{ANNOUNCED}.00.00.00.{}", bus::bucket(new.id)),
        occurred_at: new.at,
        recorded_at,
        origin: BusOrigin::Live,
        payload: payload.encode_to_vec(),
    }
}

fn event_of(event: &Event, after: &Ticket, changed: &Changed, recorded_at: Timestamp) -> pb::TicketEvent {
    pb::TicketEvent {
        ticket_id: after.id.to_string(),
        version: event.version,
        occurred_at: Some(to_timestamp(event.occurred_at)),
        recorded_at: Some(to_timestamp(recorded_at)),
        origin: event.origin.number(),
        actor: Some(state::actor_ref(&event.actor)),
        from_phase: event.from_phase.map_or(0, |phase| phase.number()),
        state: Some(state::to_pb(after)),
        change: Some(change(&event.change, changed)),
        step: event.place.as_ref().map(|place| place.step.clone()).unwrap_or_default(),
        ..pb::TicketEvent::default()
    }
}

/// The event with a state that is encoded already.
fn payload(head: &pb::TicketEvent, state: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(head.encoded_len() + state.len() + 8);
    // A message may be encoded in any order of its fields, so the state follows as it was encoded for the row.
    bytes.extend(head.encode_to_vec());
    encode_key(STATE, WireType::LengthDelimited, &mut bytes);
    encode_varint(u64::try_from(state.len()).unwrap_or(u64::MAX), &mut bytes);
    bytes.extend(state);
    bytes
}

fn change(change: &Change, changed: &Changed) -> PbChange {
    fn text(value: Option<&impl ToString>) -> String {
        value.map(ToString::to_string).unwrap_or_default()
    }
    let request = || match &changed.texts.request {
        Some((subject, body)) => (mask_numbers(subject.as_str()), mask_numbers(body.as_str())),
        None => (String::new(), String::new()),
    };
    match change {
        Change::Saved => PbChange::Saved(pb::Saved {}),
        Change::Amended(_) => {
            let (subject, body) = request();
            PbChange::Amended(pb::Amended { subject, body })
        }
        Change::Submitted => {
            let (subject, body) = request();
            PbChange::Submitted(pb::Submitted { subject, body })
        }
        Change::Dispatched { unit, person, decision, note, .. } => PbChange::Dispatched(pb::Dispatched {
            unit_id: unit.to_string(),
            person_id: text(person.as_ref()),
            decision_id: text(decision.as_ref()),
            note: mask_numbers(note.as_str()),
        }),
        Change::Pooled { decision, unit, reason, claim_limit, .. } => PbChange::Pooled(pb::Pooled {
            decision_id: text(decision.as_ref()),
            reason: reason.clone(),
            unit_id: text(unit.as_ref()),
            claim_limit: i32::try_from(*claim_limit).unwrap_or(i32::MAX),
        }),
        Change::DecisionRefused { decision, reason } => PbChange::DecisionRefused(pb::DecisionRefused {
            decision_id: decision.to_string(),
            reason: reason.clone(),
        }),
        Change::Accepted { .. } => PbChange::Accepted(pb::Accepted {}),
        Change::Claimed { unit, .. } => PbChange::Claimed(pb::Claimed { unit_id: unit.to_string() }),
        Change::Returned { unit, reason, to_pool, .. } => PbChange::Returned(pb::Returned {
            unit_id: unit.to_string(),
            reason: mask_numbers(reason.as_str()),
            to_pool: *to_pool,
        }),
        Change::Transferred { from, to, person, reason, decision, order } => {
            let named = |named: &Named| ActorRef {
                id: named.id.to_string(),
                name: named.name.clone(),
                ..ActorRef::default()
            };
            let order = order.clone().unwrap_or_default();
            PbChange::Transferred(pb::Transferred {
                from_unit_id: from.to_string(),
                to_unit_id: to.to_string(),
                to_person_id: text(person.as_ref()),
                reason: mask_numbers(reason.as_str()),
                decision_id: text(decision.as_ref()),
                started_by: order.started_by.as_ref().map(named),
                from_person: order.from.as_ref().map(named),
                cause: order.cause.map_or(0, HandoverCause::number),
            })
        }
        Change::Resolved { elapsed_seconds, .. } => {
            PbChange::Resolved(pb::Resolved { elapsed_seconds: *elapsed_seconds })
        }
        Change::CallbackOpened { task } => {
            PbChange::CallbackOpened(pb::CallbackOpened { task_id: task.to_string() })
        }
        Change::Closed { reason, task } => {
            PbChange::Closed(pb::Closed { reason: reason.number(), task_id: text(task.as_ref()) })
        }
        Change::Reopened { reason, task, from_round, .. } => PbChange::Reopened(pb::Reopened {
            reason: mask_numbers(reason.as_str()),
            task_id: text(task.as_ref()),
            from_round: *from_round,
        }),
        Change::Cancelled { reason } => {
            PbChange::Cancelled(pb::Cancelled { reason: mask_numbers(reason.as_str()) })
        }
        Change::Urged { note, told } => {
            let level = told.map_or(0, gongdan_tickets_domain::UrgeLevel::number);
            PbChange::Urged(pb::Urged { note: mask_numbers(note.as_str()), notify: told.is_some(), level })
        }
        Change::Erased { what, gone } => PbChange::Erased(pb::Erased {
            classes: state::classes(*what).collect(),
            gone_customer_sha256: gone.map(|customer| Sha256::digest(customer).to_vec()).unwrap_or_default(),
        }),
        Change::Answer(change) => {
            let (subject, body) = request();
            records::answer::change(change, subject, body)
        }
        Change::Assist(change) => records::assist::change(change),
        Change::Attachment(change) => records::attachment::change(change),
        Change::Call(change) => records::call::change(change),
        Change::Circulation(change) => records::circulation::change(change),
        Change::Directive(change) => records::directive::change(change),
        Change::Escalation(change) => records::escalation::change(change),
        Change::Extension(change) => records::extension::change(change),
        Change::Handoff(change) => records::handoff::change(change),
        Change::Links(change) => records::links::change(change),
        Change::Place(change) => records::place::change(change),
        Change::Quality(change) => records::quality::change(change),
        Change::Quarantine(change) => records::quarantine::change(change),
        Change::Review(change) => records::review::change(change),
        Change::Suspension(change) => records::suspension::change(change),
        Change::Track(change) => records::track::change(change),
        Change::Visit(change) => records::visit::change(change),
        Change::Workflow(change) => records::workflow::change(change),
    }
}

/// What stays of an event's payload when these classes are erased; none when it has nothing of them. Ids, versions and
/// times stay.
pub(crate) fn redacted(kind: &str, payload: &[u8], what: Personal) -> Result<Option<Vec<u8>>, Error> {
    let mut event = pb::TicketEvent::decode(payload).map_err(Error::internal)?;
    let before = event.clone();
    blank(&mut event, what);
    chain::unsalt(&mut event, what);
    tracing::trace!(kind, changed = event != before, "an event is redacted");
    Ok((event != before).then(|| event.encode_to_vec()))
}

/// Takes what is personal of these classes out of an event. What is in which class is part of the chain: a text that
/// events had before under none, or under the other, would break the links that are there.
pub(crate) fn blank(event: &mut pb::TicketEvent, what: Personal) {
    if what.contact {
        if let Some(state) = &mut event.state {
            state.customer_id.clear();
        }
        citizens::hide_in_event(event);
    }
    if what.texts {
        texts(event).into_iter().filter(|text| !text.is_empty()).for_each(|text| ERASED.clone_into(text));
    }
}

/// The citizen who did what an event says, if it was one.
pub(crate) fn citizen(payload: &[u8]) -> Result<Option<String>, Error> {
    let event = pb::TicketEvent::decode(payload).map_err(Error::internal)?;
    Ok(citizens::named(event.actor.as_ref()).map(ToOwned::to_owned))
}

/// What people wrote in an event. What routing and callback say is none of it.
pub(crate) fn texts(event: &mut pb::TicketEvent) -> Vec<&mut String> {
    let mut texts = Vec::new();
    if let Some(state) = &mut event.state {
        texts.extend([&mut state.cancel_reason, &mut state.priority_reason]);
    }
    match &mut event.change {
        Some(PbChange::Submitted(c)) => texts.extend([&mut c.subject, &mut c.body]),
        Some(PbChange::Amended(c)) => texts.extend([&mut c.subject, &mut c.body]),
        Some(PbChange::Dispatched(c)) => texts.push(&mut c.note),
        Some(PbChange::Returned(c)) => texts.push(&mut c.reason),
        Some(PbChange::Transferred(c)) => texts.push(&mut c.reason),
        Some(PbChange::Reopened(c)) => texts.push(&mut c.reason),
        Some(PbChange::Cancelled(c)) => texts.push(&mut c.reason),
        Some(PbChange::Urged(c)) => texts.push(&mut c.note),
        Some(
            PbChange::Saved(_)
            | PbChange::Accepted(_)
            | PbChange::Claimed(_)
            | PbChange::Resolved(_)
            | PbChange::CallbackOpened(_)
            | PbChange::Closed(_)
            | PbChange::DecisionRefused(_)
            | PbChange::Pooled(_)
            | PbChange::Erased(_),
        )
        | None => {}
        Some(change) => texts.extend(records::texts(change)),
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_region::RegionCode;
    use gongdan_tickets_domain::{
        Actor, Body, Channel, Impact, Intake, New, PrincipalId, PrincipalKind, Priority, Subject, TicketType,
        UnitId, Urgency,
        groups::{form::FormPart, place::PlacePart},
    };
    use uuid::Uuid;

    fn submitted() -> Changed {
        let by = Actor {
            id: PrincipalId::parse("li.wei").unwrap(),
            name: "李伟".to_owned(),
            kind: PrincipalKind::Person,
            any_unit: false,
            unit_ids: vec![UnitId::parse("centre").unwrap()],
        };
        let at = "2026-11-22T01:00:00Z".parse().unwrap();
        let intake = Intake {
            kind: TicketType::Complaint,
            item: "unclassified".to_owned(),
            item_path: vec!["unclassified".to_owned()],
            catalogue_version: 1,
            sla_policy: String::new(),
            subject: Subject::parse("噪音扰民").unwrap().into(),
            body: Body::parse("请回电13800001234").unwrap().into(),
            region: RegionCode::parse("440106").unwrap(),
            channel: Channel::Phone,
            urgency: Urgency::Medium,
            impact: Impact::Low,
            priority: Priority::P4,
            priority_matrix_version: 1,
            priority_reason: String::new(),
            customer_id: None,
            sensitive: false,
            confidential: false,
            received_at: at,
            place: PlacePart::default(),
            form: FormPart::default(),
            custom_fields: String::new(),
        };
        let new = New { id: Uuid::from_u128(1), number: "GD2611220000000001".to_owned(), external: None };
        Ticket::submitted(new, intake, &by, at)
    }

    #[test]
    fn the_row_keeps_the_bytes_that_the_event_carries() {
        let changed = submitted();
        let written = write(&changed, "2026-11-22T01:00:01Z".parse().unwrap());
        let event = pb::TicketEvent::decode(written.events[0].payload.as_slice()).unwrap();
        assert_eq!(event.state.as_ref().unwrap().encode_to_vec(), written.state);
        assert_eq!(event.state, Some(written.ticket));
        assert_eq!(state::decode(&written.state).unwrap().number, changed.ticket.number);
        let Some(PbChange::Submitted(submitted)) = event.change else { panic!("not submitted") };
        assert_eq!(submitted.body, "请回电138****1234", "numbers travel masked");
    }

    #[test]
    fn a_state_survives_its_bytes() {
        let ticket = submitted().ticket;
        assert_eq!(state::decode(&state::to_pb(&ticket).encode_to_vec()).unwrap(), ticket);
    }
}
