//! Tickets and clocks that only exist as their events.

use gongdan_bus::{Event, Origin, subject};
use gongdan_clock::new_id;
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    routing::v1::{Unit, UnitEvent, UnitKind},
    sla::v1::{
        Clock, ClockBreached, ClockEvent, ClockKind, ClockWarned, ScheduleEvent, ScheduleReminded,
        clock_event, schedule_event,
    },
    tickets::v1::{
        AnnouncementEvent, Cancelled, Circulated, CloseReason, Closed, Directive, DirectiveIssued,
        DirectiveLate, DirectiveRejected, DirectiveReplied, Dispatched, EmergencyService, Erased, Escalated,
        HandedOff, Phase, Pooled, Priority, Reminded, Reopened, Resolved, Returned, Submitted, Ticket,
        TicketEvent, TicketType, Transferred, Urged, ticket_event::Change,
    },
    to_timestamp,
};
use gongdan_region::RegionCode;
use prost::Message;
use uuid::Uuid;

use crate::suite::{id, now};

pub const REGION: &str = "440106000000";

/// A ticket whose events have no gaps.
pub struct TestTicket {
    pub id: Uuid,
    pub state: Ticket,
    origin: Origin,
}

impl TestTicket {
    pub fn new(number: &str) -> Self {
        let id = id();
        let state = Ticket {
            id: id.to_string(),
            number: number.to_owned(),
            phase: Phase::PendingDispatch.into(),
            round: 1,
            r#type: TicketType::Complaint.into(),
            item: "城乡建设/噪音".to_owned(),
            region: REGION.to_owned(),
            priority: Priority::P3.into(),
            created_by: Some(ActorRef {
                id: "agent.zhou".to_owned(),
                name: "周".to_owned(),
                kind: PrincipalKind::Person.into(),
                unit_ids: vec!["centre".to_owned()],
            }),
            ..Ticket::default()
        };
        Self { id, state, origin: Origin::Live }
    }

    /// Recorded from the past.
    pub fn imported(number: &str) -> Self {
        Self { origin: Origin::Import, ..Self::new(number) }
    }

    pub fn erased(&mut self) -> Event {
        self.event("erased", Change::Erased(Erased { classes: vec![1, 2], ..Default::default() }))
    }

    pub fn submitted(&mut self) -> Event {
        self.event(
            "submitted",
            Change::Submitted(Submitted { subject: "噪音".to_owned(), body: "扰民".to_owned() }),
        )
    }

    pub fn dispatched(&mut self, unit: &str, person: &str) -> Event {
        self.state.lead_unit_id = unit.to_owned();
        self.state.handler_id = person.to_owned();
        self.state.phase = Phase::Dispatched.into();
        self.state.participant_unit_ids.push(unit.to_owned());
        let (unit_id, person_id) = (unit.to_owned(), person.to_owned());
        self.event(
            "dispatched",
            Change::Dispatched(Dispatched { unit_id, person_id, ..Dispatched::default() }),
        )
    }

    pub fn transferred(&mut self, to: &str) -> Event {
        let from_unit_id = std::mem::replace(&mut self.state.lead_unit_id, to.to_owned());
        let change = Transferred {
            from_unit_id,
            to_unit_id: to.to_owned(),
            reason: "职责".to_owned(),
            ..Transferred::default()
        };
        self.event("transferred", Change::Transferred(change))
    }

    pub fn returned(&mut self) -> Event {
        let unit_id = std::mem::take(&mut self.state.lead_unit_id);
        self.state.phase = Phase::PendingDispatch.into();
        let reason = "不属于本单位职责".to_owned();
        self.event("returned", Change::Returned(Returned { unit_id, reason, to_pool: false }))
    }

    pub fn pooled(&mut self, unit: &str) -> Event {
        self.event("pooled", Change::Pooled(Pooled { unit_id: unit.to_owned(), ..Pooled::default() }))
    }

    /// Whatever else there is.
    pub fn did(&mut self, change: Change) -> Event {
        self.event(change.name(), change)
    }

    pub fn urged(&mut self, notify: bool) -> Event {
        self.event(
            "urged",
            Change::Urged(Urged { note: "快一点".to_owned(), notify, level: i32::from(notify) }),
        )
    }

    /// 催单 that tells this level.
    pub fn urged_at(&mut self, level: i32) -> Event {
        self.event("urged", Change::Urged(Urged { note: "快一点".to_owned(), notify: true, level }))
    }

    /// 督办 of a unit.
    pub fn directed(&mut self, unit: &str, by: &str) -> Event {
        let due_at = Some(to_timestamp("2026-12-11T10:00:00Z".parse().unwrap()));
        let by = ActorRef { id: by.to_owned(), kind: PrincipalKind::Person.into(), ..ActorRef::default() };
        self.state.directives.push(Directive {
            id: "d".to_owned(),
            unit_id: unit.to_owned(),
            due_at,
            issued_by: Some(by),
            ..Directive::default()
        });
        let change = DirectiveIssued {
            directive_id: "d".to_owned(),
            unit_id: unit.to_owned(),
            due_at,
            directive: "三日内办结".to_owned(),
        };
        self.event("directive_issued", Change::DirectiveIssued(change))
    }

    pub fn directive_replied(&mut self, by: &str) -> Event {
        self.state.directives[0].replied_by =
            Some(ActorRef { id: by.to_owned(), kind: PrincipalKind::Person.into(), ..ActorRef::default() });
        let change =
            DirectiveReplied { directive_id: "d".to_owned(), reply: "已办".to_owned(), late: false };
        self.event("directive_replied", Change::DirectiveReplied(change))
    }

    pub fn directive_rejected(&mut self) -> Event {
        let change = DirectiveRejected { directive_id: "d".to_owned(), ..DirectiveRejected::default() };
        self.event("directive_rejected", Change::DirectiveRejected(change))
    }

    pub fn directive_late(&mut self, level: i32) -> Event {
        let change = DirectiveLate { directive_id: "d".to_owned(), level };
        self.event("directive_late", Change::DirectiveLate(change))
    }

    pub fn reminded(&mut self, person: &str) -> Event {
        self.event("reminded", Change::Reminded(Reminded { person_id: person.to_owned() }))
    }

    /// Shown by `chen`.
    pub fn circulated(&mut self, unit: &str, persons: &[&str]) -> Event {
        let change = Circulated {
            unit_id: unit.to_owned(),
            person_ids: persons.iter().map(|&person| person.to_owned()).collect(),
            note: "请传阅".to_owned(),
            ..Circulated::default()
        };
        let mut event = self.event("circulated", Change::Circulated(change));
        let mut payload = TicketEvent::decode(event.payload.as_ref()).unwrap();
        payload.actor = Some(ActorRef {
            id: "chen".to_owned(),
            kind: PrincipalKind::Person.into(),
            ..ActorRef::default()
        });
        event.payload = payload.encode_to_vec().into();
        event
    }

    pub fn escalated(&mut self, unit: &str) -> Event {
        self.state.lead_unit_id = unit.to_owned();
        let change = Escalated { tier: 2, from_tier: 1, to_unit_id: unit.to_owned(), ..Escalated::default() };
        self.event("escalated", Change::Escalated(change))
    }

    /// To 119.
    pub fn handed_off(&mut self) -> Event {
        let change = HandedOff {
            service: EmergencyService::Fire.into(),
            note: "起火".to_owned(),
            ..HandedOff::default()
        };
        self.event("handed_off", Change::HandedOff(change))
    }

    /// Whatever else.
    pub fn act(&mut self, kind: &str, change: Change) -> Event {
        self.event(kind, change)
    }

    pub fn resolved(&mut self) -> Event {
        self.state.phase = Phase::Resolved.into();
        self.event("resolved", Change::Resolved(Resolved { elapsed_seconds: 60 }))
    }

    pub fn closed(&mut self) -> Event {
        self.state.phase = Phase::Closed.into();
        self.event(
            "closed",
            Change::Closed(Closed { reason: CloseReason::CallbackSkipped.into(), ..Closed::default() }),
        )
    }

    pub fn reopened(&mut self) -> Event {
        self.state.phase = Phase::PendingDispatch.into();
        self.state.round += 1;
        self.state.lead_unit_id.clear();
        self.event(
            "reopened",
            Change::Reopened(Reopened { from_round: self.state.round - 1, ..Reopened::default() }),
        )
    }

    pub fn cancelled(&mut self) -> Event {
        self.state.phase = Phase::Cancelled.into();
        self.event("cancelled", Change::Cancelled(Cancelled { reason: "已解决".to_owned() }))
    }

    fn event(&mut self, kind: &str, change: Change) -> Event {
        self.state.version += 1;
        let at = now();
        let payload = TicketEvent {
            ticket_id: self.id.to_string(),
            version: self.state.version,
            occurred_at: Some(to_timestamp(at)),
            recorded_at: Some(to_timestamp(at)),
            origin: i32::from(self.origin.as_i16()),
            state: Some(self.state.clone()),
            change: Some(change),
            ..TicketEvent::default()
        };
        event("tickets", kind, self.id, self.state.version, self.origin, &payload)
    }
}

/// Something is announced inside a unit.
pub fn announced(unit: &str, by: &str) -> Event {
    let circulation = id();
    let payload = AnnouncementEvent {
        circulation_id: circulation.to_string(),
        unit_id: unit.to_owned(),
        circulated_by: Some(ActorRef { id: by.to_owned(), ..ActorRef::default() }),
        ..AnnouncementEvent::default()
    };
    event("tickets", "announced", circulation, 1, Origin::Live, &payload)
}

/// A warning or breach of a new clock.
pub fn clock_event(
    ticket: &TestTicket,
    unit: &str,
    handler: &str,
    warned: Option<i32>,
    origin: Origin,
) -> Event {
    let clock_id = id();
    let clock = Clock {
        id: clock_id.to_string(),
        ticket_id: ticket.id.to_string(),
        ticket_number: ticket.state.number.clone(),
        round: 1,
        kind: ClockKind::Handling.into(),
        due_at: Some(to_timestamp("2026-12-11T10:00:00Z".parse().unwrap())),
        unit_id: unit.to_owned(),
        handler_id: handler.to_owned(),
        region: REGION.to_owned(),
        version: 1,
        ..Clock::default()
    };
    let (kind, change) = match warned {
        Some(percent) => ("warned", clock_event::Change::Warned(ClockWarned { percent, late: false })),
        None => ("breached", clock_event::Change::Breached(ClockBreached { late: false })),
    };
    let payload = ClockEvent {
        clock_id: clock_id.to_string(),
        version: 1,
        state: Some(clock),
        change: Some(change),
        ..ClockEvent::default()
    };
    event("sla", kind, clock_id, 1, origin, &payload)
}

/// What recurring work reminds a unit or persons of.
pub fn schedule_reminded(unit: &str, persons: &[&str], text: &str) -> Event {
    let run = id();
    let reminded = ScheduleReminded {
        unit_id: unit.to_owned(),
        person_ids: persons.iter().map(|person| (*person).to_owned()).collect(),
        text: text.to_owned(),
    };
    let payload = ScheduleEvent {
        run_id: run.to_string(),
        version: 1,
        schedule_name: "月报".to_owned(),
        change: Some(schedule_event::Change::ScheduleReminded(reminded)),
        ..ScheduleEvent::default()
    };
    event("sla", "schedule_reminded", run, 1, Origin::Live, &payload)
}

/// The name of a unit, as routing tells it.
pub fn unit_changed(unit: &str, name: &str) -> Event {
    unit_below(unit, name, "", UnitKind::Unit)
}

/// A unit and the one above it, as routing tells it.
pub fn unit_below(unit: &str, name: &str, parent: &str, kind: UnitKind) -> Event {
    let payload = UnitEvent {
        version: 1,
        unit: Some(Unit {
            id: unit.to_owned(),
            name: name.to_owned(),
            parent_id: parent.to_owned(),
            kind: kind.into(),
            version: 1,
            ..Unit::default()
        }),
        ..UnitEvent::default()
    };
    event("routing", "unit_changed", gongdan_clock::stable_id("unit", unit), 1, Origin::Live, &payload)
}

fn event(
    source: &str,
    kind: &str,
    aggregate_id: Uuid,
    version: i64,
    origin: Origin,
    payload: &impl Message,
) -> Event {
    let at = now();
    Event {
        id: new_id(at),
        source: source.to_owned(),
        kind: kind.to_owned(),
        aggregate_id,
        version,
        occurred_at: at,
        recorded_at: at,
        origin,
        subject: subject(source, kind, RegionCode::parse(REGION).unwrap(), aggregate_id),
        traceparent: None,
        payload: payload.encode_to_vec().into(),
    }
}
