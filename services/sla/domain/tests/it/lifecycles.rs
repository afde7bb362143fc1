//! What ticket events do to clocks.

use crate::{at, cn};
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    ClockKind, Origin, Priority, TicketType,
    clock::{CancelReason, Change, Clock, ClockState, Fact},
    lifecycle::{Act, Setting, Terms, Ticket, TicketClocks, TicketFact},
    policy::{Attributes, PolicySet},
};
use jiff::SignedDuration;
use std::{cell::Cell, sync::Arc};
use uuid::Uuid;

const HOTLINE: &str = include_str!("../../../data/policies/hotline.json");
const PRIORITY: &str = include_str!("../../../data/policies/priority.json");

struct Life {
    terms: Terms,
    clocks: TicketClocks,
    ids: Cell<u128>,
    round: i32,
    dispatched: Option<jiff::Timestamp>,
    quarantined: bool,
    accepted: bool,
    responds: bool,
    response: Option<SignedDuration>,
    attributes: Attributes,
    region: &'static str,
    policy_set: &'static str,
}

impl Life {
    fn new() -> Self {
        let policy = Arc::new(PolicySet::read(HOTLINE, 1).unwrap());
        let terms = Terms { policy, calendar: Arc::new(cn()) };
        Self {
            terms,
            clocks: TicketClocks::default(),
            ids: Cell::new(0),
            round: 1,
            dispatched: None,
            quarantined: false,
            accepted: false,
            responds: false,
            response: None,
            attributes: Attributes { kind: Some(TicketType::Complaint), ..Default::default() },
            region: "440106",
            policy_set: "",
        }
    }

    fn under(policy: &str) -> Self {
        let mut life = Self::new();
        life.terms.policy = Arc::new(PolicySet::read(policy, 1).unwrap());
        life
    }

    fn event(&mut self, act: Act, when: &str) -> Vec<Fact> {
        if act == Act::Reopened {
            (self.round, self.dispatched) = (self.round + 1, None);
        }
        if act == Act::Dispatched {
            self.dispatched.get_or_insert(at(when));
        }
        let ticket = Ticket {
            id: Uuid::from_u128(9),
            number: "GD".into(),
            round: self.round,
            unaccepted: matches!(act, Act::Dispatched | Act::Transferred) && !self.accepted,
            response: self.response,
            pending_dispatch: matches!(act, Act::Submitted | Act::Verified | Act::Returned | Act::Reopened),
            quarantined: self.quarantined,
            policy_set: self.policy_set.into(),
            region: RegionCode::parse(self.region).unwrap(),
            attributes: self.attributes.clone(),
            received_at: at("2026-03-02T08:00"),
            first_dispatched_at: self.dispatched,
            unit_id: "tianhe-env".into(),
            handler_id: "li.wei".into(),
        };
        let fact =
            TicketFact { act, occurred_at: at(when), origin: Origin::Live, responds: self.responds, ticket };
        let policy = Arc::clone(&self.terms.policy);
        let calendar = Arc::clone(&self.terms.calendar);
        let setting = Setting {
            terms: &self.terms,
            calendar: &|id| (id == "cn@1").then(|| Arc::clone(&calendar)),
            policy: &|id| (id == policy.id()).then(|| Arc::clone(&policy)),
            now: at(when),
            late_after: SignedDuration::from_secs(30),
            settle_after: SignedDuration::from_secs(10),
            new_id: &|| {
                self.ids.set(self.ids.get() + 1);
                Uuid::from_u128(self.ids.get())
            },
        };
        self.clocks.apply(&fact, &setting).unwrap()
    }

    fn of(&self, kind: ClockKind) -> Vec<&Clock> {
        self.clocks.clocks.iter().filter(|clock| clock.kind == kind).collect()
    }
}

#[test]
fn a_whole_life_runs_three_clocks() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    assert_eq!(
        life.of(ClockKind::Handling)[0].due_at,
        at("2026-03-23T18:00"),
        "15 working days from receipt"
    );
    assert_eq!(life.of(ClockKind::Handling)[0].started_at, at("2026-03-02T08:00"));
    assert_eq!(life.of(ClockKind::Dispatch)[0].due_at, at("2026-03-02T14:00"), "4 working hours");

    life.event(Act::Dispatched, "2026-03-02T10:00");
    assert_eq!(life.of(ClockKind::Dispatch)[0].state, ClockState::Stopped);
    life.event(Act::Accepted, "2026-03-02T10:30");
    let facts = life.event(Act::Resolved, "2026-03-03T10:00");
    let handling = life.of(ClockKind::Handling)[0];
    assert_eq!(handling.handling_working_seconds, Some(8 * 3_600));
    assert_eq!(handling.working_seconds, Some(9 * 3_600));
    assert!(facts.iter().any(|f| f.change == Change::Stopped { on_time: true }));
    assert_eq!(life.of(ClockKind::Callback)[0].due_at, at("2026-03-06T18:00"), "3 working days");

    life.event(Act::Closed, "2026-03-04T10:00");
    assert!(life.clocks.clocks.iter().all(|clock| clock.state == ClockState::Stopped));
    assert!(life.event(Act::Closed, "2026-03-04T10:00").is_empty());
}

#[test]
fn a_returned_ticket_waits_for_dispatch_on_a_new_clock_and_handling_runs_on() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    life.event(Act::Dispatched, "2026-03-02T10:00");
    life.event(Act::Returned, "2026-03-02T11:00");
    assert_eq!(life.of(ClockKind::Dispatch).len(), 2);
    assert_eq!(life.of(ClockKind::Dispatch)[1].started_at, at("2026-03-02T11:00"));
    assert_eq!(life.of(ClockKind::Handling).len(), 1);
}

#[test]
fn a_reopened_ticket_gets_new_clocks_from_the_reopening() {
    let mut life = Life::new();
    for (act, when) in [
        (Act::Submitted, "2026-03-02T09:00"),
        (Act::Dispatched, "2026-03-02T10:00"),
        (Act::Resolved, "2026-03-03T10:00"),
        (Act::Reopened, "2026-03-05T10:00"),
    ] {
        life.event(act, when);
    }
    let handling = life.of(ClockKind::Handling);
    assert_eq!(handling.len(), 2);
    assert_eq!((handling[1].round, handling[1].started_at), (2, at("2026-03-05T10:00")));
    assert_eq!(handling[1].due_at, at("2026-03-26T18:00"));
    assert_eq!(life.of(ClockKind::Callback)[0].state, ClockState::Stopped);
    assert_eq!(life.of(ClockKind::Dispatch).len(), 2);
}

#[test]
fn a_cancelled_ticket_cancels_what_runs() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    let facts = life.event(Act::Cancelled, "2026-03-02T10:00");
    assert_eq!(facts.len(), 2);
    assert!(life.clocks.clocks.iter().all(|clock| clock.state == ClockState::Cancelled));
}

#[test]
fn closing_without_resolve_cancels_handling() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    life.event(Act::Closed, "2026-03-02T10:00");
    assert_eq!(life.of(ClockKind::Handling)[0].state, ClockState::Cancelled);
}

fn record(number: u128) -> Uuid {
    Uuid::from_u128(100 + number)
}

#[test]
fn suspension_pauses_handling_and_an_extension_moves_it() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    life.event(Act::Dispatched, "2026-03-02T10:00");
    assert_eq!(life.event(Act::Suspended, "2026-03-03T09:00").len(), 1);
    life.event(Act::Resumed, "2026-03-05T09:00");
    assert_eq!(life.of(ClockKind::Handling)[0].due_at, at("2026-03-25T18:00"), "two closes later");
    life.event(Act::Extended { due_at: at("2026-03-31T18:00") }, "2026-03-20T09:00");
    let facts = life.event(Act::Resolved, "2026-03-31T18:00");
    let handling = life.of(ClockKind::Handling)[0];
    assert!(facts.iter().any(|f| f.after.id == handling.id && f.change == Change::Stopped { on_time: true }));
    // 22 working days from the 2nd to the 31st less an hour, and two of suspension
    assert_eq!(handling.handling_working_seconds, Some((22 * 8 - 1 - 16) * 3_600));
}

#[test]
fn each_record_that_is_owed_has_a_clock_of_its_own() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    let owed = |kind, number, unit: &str, due_at| Act::Owed {
        kind,
        record_id: record(number),
        unit_id: unit.into(),
        due_at,
    };
    life.event(owed(ClockKind::Assist, 1, "yuexiu-env", Some(at("2026-03-04T12:00"))), "2026-03-02T11:00");
    life.event(owed(ClockKind::Assist, 2, "haizhu-env", None), "2026-03-02T11:00");
    life.event(owed(ClockKind::Supervision, 3, "", Some(at("2026-03-03T12:00"))), "2026-03-02T12:00");
    let seen: Vec<_> = life.of(ClockKind::Assist).iter().map(|c| (c.unit_id.clone(), c.due_at)).collect();
    assert_eq!(
        seen,
        [
            ("yuexiu-env".to_owned(), at("2026-03-04T12:00")),
            ("haizhu-env".to_owned(), at("2026-03-09T18:00"))
        ],
        "the deadline that was set, else five working days"
    );
    life.event(Act::Other, "2026-03-02T13:00");
    assert_eq!(life.of(ClockKind::Assist)[0].unit_id, "yuexiu-env", "it stays the assisting unit's");
    life.event(Act::Suspended, "2026-03-03T09:00");
    assert_eq!(life.of(ClockKind::Assist)[0].state, ClockState::Running);

    life.event(Act::Met { kind: ClockKind::Assist, record_id: record(1) }, "2026-03-03T10:00");
    let declined =
        Act::Released { kind: ClockKind::Assist, record_id: record(2), reason: CancelReason::Declined };
    life.event(declined, "2026-03-03T10:00");
    life.event(Act::Met { kind: ClockKind::Supervision, record_id: record(3) }, "2026-03-03T12:00:01");
    assert_eq!(life.of(ClockKind::Assist)[0].state, ClockState::Stopped);
    assert_eq!(life.of(ClockKind::Assist)[1].state, ClockState::Cancelled);
    let supervision = life.of(ClockKind::Supervision)[0];
    assert_eq!((supervision.state, supervision.breached), (ClockState::Stopped, true));
}

#[test]
fn a_merge_cancels_every_clock_and_undoing_it_restores_them() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    let before = life.clocks.clocks.clone();
    life.event(Act::Merged, "2026-03-02T10:00");
    assert!(life.clocks.clocks.iter().all(|clock| clock.state == ClockState::Cancelled));
    life.event(Act::MergeUndone, "2026-03-02T11:00");
    for (clock, before) in life.clocks.clocks.iter().zip(&before) {
        assert_eq!(Clock { version: before.version, ..clock.clone() }, *before);
    }
    assert_eq!(life.of(ClockKind::Dispatch)[0].next_fire_at(), Some(at("2026-03-02T11:00")));
}

#[test]
fn a_quarantined_request_has_no_clocks_until_it_is_verified() {
    let mut life = Life { quarantined: true, ..Life::new() };
    assert!(life.event(Act::Submitted, "2026-03-02T09:00").is_empty());
    life.quarantined = false;
    life.event(Act::Verified, "2026-03-03T09:00");
    assert_eq!(life.of(ClockKind::Handling)[0].started_at, at("2026-03-03T09:00"));
    assert_eq!(life.of(ClockKind::Handling)[0].due_at, at("2026-03-24T18:00"));
}

fn p(priority: Priority) -> Attributes {
    Attributes { kind: Some(TicketType::Incident), priority: Some(priority), ..Default::default() }
}

#[test]
fn s3_the_first_response_is_owed_by_the_standard_of_the_channel_unless_a_policy_says_otherwise() {
    let mut life = Life::new();
    life.response = Some(SignedDuration::from_secs(60));
    life.event(Act::Submitted, "2026-03-02T09:00");
    let owed = life.of(ClockKind::FirstResponse)[0];
    assert_eq!((owed.started_at, owed.due_at), (at("2026-03-02T08:00"), at("2026-03-02T08:01")));
    assert!(owed.thresholds.is_empty(), "nobody is warned within seconds");
    life.event(Act::Dispatched, "2026-03-02T09:00:10");
    assert_eq!(life.of(ClockKind::FirstResponse)[0].state, ClockState::Running, "by routing: no person");
    life.responds = true;
    let facts = life.event(Act::Accepted, "2026-03-02T09:00:20");
    assert_eq!(life.of(ClockKind::FirstResponse)[0].state, ClockState::Stopped);
    assert!(facts.iter().any(|fact| fact.change == Change::Stopped { on_time: false }));

    let mut ruled = Life::under(PRIORITY);
    (ruled.response, ruled.attributes) = (Some(SignedDuration::from_secs(60)), p(Priority::P2));
    ruled.event(Act::Submitted, "2026-03-02T08:10");
    assert_eq!(ruled.of(ClockKind::FirstResponse)[0].due_at, at("2026-03-02T09:00"), "an hour");

    let mut in_person = Life::new();
    (in_person.response, in_person.responds) = (Some(SignedDuration::from_secs(30)), true);
    in_person.event(Act::Submitted, "2026-03-02T09:00");
    assert!(in_person.of(ClockKind::FirstResponse).is_empty());

    let mut nothing_promised = Life::new();
    nothing_promised.event(Act::Submitted, "2026-03-02T09:00");
    assert!(nothing_promised.of(ClockKind::FirstResponse).is_empty());
}

#[test]
fn s3_each_dispatch_gives_its_own_time_to_accept() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    life.event(Act::Dispatched, "2026-03-02T09:30");
    assert_eq!(life.of(ClockKind::Accept)[0].due_at, at("2026-03-02T14:30"), "four working hours");
    life.event(Act::Transferred, "2026-03-02T10:00");
    life.event(Act::Returned, "2026-03-02T11:00");
    life.event(Act::Dispatched, "2026-03-02T11:30");
    life.accepted = true;
    life.event(Act::Accepted, "2026-03-02T13:30");
    life.event(Act::Transferred, "2026-03-02T14:00");
    let states: Vec<_> = life.of(ClockKind::Accept).iter().map(|clock| clock.state).collect();
    assert_eq!(states, [ClockState::Cancelled, ClockState::Cancelled, ClockState::Stopped]);
    assert_eq!(life.of(ClockKind::Accept)[2].working_seconds, Some(3_600));

    let mut claimed = Life::new();
    claimed.event(Act::Submitted, "2026-03-02T09:00");
    claimed.accepted = true;
    claimed.event(Act::Dispatched, "2026-03-02T09:30");
    assert!(claimed.of(ClockKind::Accept).is_empty(), "who claims it accepts it");
}

#[test]
fn s7_another_priority_moves_what_is_left() {
    let mut life = Life::under(PRIORITY);
    life.attributes = p(Priority::P4);
    life.event(Act::Submitted, "2026-03-02T09:00");
    assert_eq!(life.of(ClockKind::Handling)[0].amount.to_string(), "40wh");
    life.attributes = p(Priority::P2);
    let facts = life.event(Act::Dispatched, "2026-03-02T10:00");
    let handling = life.of(ClockKind::Handling)[0];
    assert_eq!(handling.due_at, at("2026-03-02T16:00"), "8 clock hours from receipt at 08:00, two were used");
    let moved = facts.iter().filter(|fact| matches!(fact.change, Change::Recalculated { .. }));
    assert_eq!(moved.count(), 3, "handling, first response, and dispatch, which then stops");
    assert!(life.event(Act::Other, "2026-03-02T10:01").is_empty(), "once");
}

#[test]
fn s7_an_item_that_asks_for_another_policy_set_moves_what_is_left() {
    let mut life = Life::new();
    life.event(Act::Submitted, "2026-03-02T09:00");
    assert_eq!(life.of(ClockKind::Handling)[0].due_at, at("2026-03-23T18:00"));
    life.terms.policy = Arc::new(PolicySet::read(PRIORITY, 1).unwrap());
    assert!(
        life.event(Act::Other, "2026-03-02T09:30").is_empty(),
        "another default moves no clock that runs"
    );
    (life.attributes, life.policy_set) = (p(Priority::P1), "priority");
    life.event(Act::Other, "2026-03-02T10:00");
    let handling = life.of(ClockKind::Handling)[0];
    assert_eq!((handling.policy.as_str(), handling.due_at), ("priority@1", at("2026-03-02T12:00")));
    assert_eq!(
        life.of(ClockKind::Dispatch)[0].due_at,
        at("2026-03-02T10:00"),
        "15 minutes were over: at once"
    );
}
