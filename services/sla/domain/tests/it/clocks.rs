//! What a clock does when its time comes, and when what it waits for comes.

use crate::{at, cn};
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    ClockKind, Origin,
    calendar::Calendar,
    clock::{Begin, CancelReason, Change, Clock, ClockState, Fact, News, Subject},
    policy::{Rule, When},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const LATE: SignedDuration = SignedDuration::from_secs(30);

fn clock(calendar: &Calendar, origin: Origin, start: &str, amount: &str) -> Clock {
    let rule = Rule {
        clock: ClockKind::Handling,
        when: When::default(),
        amount: amount.parse().unwrap(),
        warn_percent: vec![50, 80],
        on_suspension: None,
    };
    let begin = Begin {
        id: Uuid::from_u128(1),
        ticket_id: Uuid::from_u128(2),
        ticket_number: "GD2602130000000001",
        round: 1,
        kind: ClockKind::Handling,
        record_id: None,
        due_at: None,
        policy: "hotline@1".into(),
        calendar: calendar.id(),
        rule: &rule,
        position: Some(0),
        table: calendar.table(None),
        started_at: at(start),
        subject: Subject::default(),
        unit_id: "",
        handler_id: "",
        region: RegionCode::parse("440106").unwrap(),
        origin,
        settle_at: (origin == Origin::Import).then(|| at("2026-11-22T10:00:10")),
    };
    Clock::start(begin, at(start)).unwrap().0
}

fn live(at: Timestamp, told_at: Timestamp) -> News {
    News { at, told_at, origin: Origin::Live, late_after: LATE }
}

fn changes(facts: &[Fact]) -> Vec<(Change, Timestamp, i64)> {
    facts.iter().map(|f| (f.change.clone(), f.occurred_at, f.after.version)).collect()
}

#[test]
fn thresholds_and_breach_fire_once_and_in_order() {
    let calendar = cn();
    // Monday 09:00 + 8 working hours: warnings at 14:00 (4 h) and 16:24 (6.4 h), due at 18:00
    let mut clock = clock(&calendar, Origin::Live, "2026-03-02T09:00", "8wh");
    assert_eq!(clock.next_fire_at(), Some(at("2026-03-02T14:00")));
    assert!(clock.fire(at("2026-03-02T13:59:59"), LATE).is_empty());
    let fired = clock.fire(at("2026-03-02T14:00:01"), LATE);
    assert_eq!(changes(&fired), [(Change::Warned { percent: 50, late: false }, at("2026-03-02T14:00"), 2)]);
    assert!(clock.fire(at("2026-03-02T14:00:02"), LATE).is_empty(), "once");
    assert_eq!(clock.next_fire_at(), Some(at("2026-03-02T16:24")));
    clock.fire(at("2026-03-02T16:24"), LATE);
    assert!(clock.fire(at("2026-03-02T18:00"), LATE).is_empty(), "due itself is on time");
    let fired = clock.fire(clock.next_fire_at().unwrap(), LATE);
    assert_eq!(changes(&fired), [(Change::Breached { late: false }, at("2026-03-02T18:00"), 4)]);
    assert_eq!(clock.next_fire_at(), None);
    assert!(clock.fire(at("2027-03-02T18:00"), LATE).is_empty(), "once");
}

#[test]
fn what_was_missed_fires_oldest_first_and_is_marked_late() {
    let calendar = cn();
    let mut clock = clock(&calendar, Origin::Live, "2026-03-02T09:00", "8wh");
    let fired = clock.fire(at("2026-03-02T18:00:10"), LATE);
    assert_eq!(
        changes(&fired),
        [
            (Change::Warned { percent: 50, late: true }, at("2026-03-02T14:00"), 2),
            (Change::Warned { percent: 80, late: true }, at("2026-03-02T16:24"), 3),
            (Change::Breached { late: false }, at("2026-03-02T18:00"), 4),
        ]
    );
}

#[test]
fn stopped_at_due_is_on_time_and_a_moment_later_is_not() {
    let calendar = cn();
    for (stop, on_time, breached) in [
        (at("2026-03-02T18:00"), true, false),
        (at("2026-03-02T18:00") + SignedDuration::from_micros(1), false, true),
    ] {
        let mut clock = clock(&calendar, Origin::Live, "2026-03-02T09:00", "8wh");
        let facts = clock.stop(live(stop, stop), Some(at("2026-03-02T10:00")), calendar.table(None)).unwrap();
        assert_eq!(facts.last().unwrap().change, Change::Stopped { on_time });
        assert_eq!(
            facts.iter().filter(|f| matches!(f.change, Change::Breached { .. })).count(),
            usize::from(breached)
        );
        assert_eq!((clock.state, clock.breached), (ClockState::Stopped, breached));
        assert_eq!(clock.working_seconds, Some(8 * 3_600));
        assert_eq!(clock.handling_working_seconds, Some(7 * 3_600));
        assert_eq!(clock.next_fire_at(), None);
        assert!(clock.stop(live(stop, stop), None, calendar.table(None)).unwrap().is_empty(), "once");
    }
}

#[test]
fn news_that_came_late_takes_a_breach_back() {
    let calendar = cn();
    let mut clock = clock(&calendar, Origin::Live, "2026-03-02T09:00", "8wh");
    clock.fire(at("2026-03-02T18:00:01"), LATE);
    assert!(clock.breached);
    let now = at("2026-03-02T18:00:05");
    let facts = clock.stop(live(at("2026-03-02T17:59:59"), now), None, calendar.table(None)).unwrap();
    assert_eq!(facts.last().unwrap().change, Change::Stopped { on_time: true });
    assert!(!clock.breached);
}

#[test]
fn an_import_records_its_past_without_lateness() {
    let calendar = cn();
    let (stop, now) = (at("2019-05-20T10:00"), at("2026-11-22T10:00"));
    let mut clock = clock(&calendar, Origin::Import, "2019-04-25T09:32:09", "15wd");
    let facts =
        clock.stop(News { origin: Origin::Import, ..live(stop, now) }, None, calendar.table(None)).unwrap();
    assert!(facts.iter().all(|fact| fact.origin == Origin::Import && fact.occurred_at <= stop));
    assert_eq!(facts.len(), 4);
    assert_eq!(facts[2].change, Change::Breached { late: false });
    assert_eq!(facts[2].occurred_at, at("2019-05-17T18:00"));
    assert_eq!(facts[3].change, Change::Stopped { on_time: false });
}

#[test]
fn an_open_import_settles_its_past_and_then_goes_on_live() {
    let calendar = cn();
    // 80 % of 15 working days lie behind at 2026-11-22, due does not
    let mut clock = clock(&calendar, Origin::Import, "2026-11-03T09:00", "15wd");
    let settle = at("2026-11-22T10:00:10");
    assert_eq!(clock.next_fire_at(), Some(settle), "nothing fires before it is settled");
    let facts = clock.fire(settle, LATE);
    assert_eq!(
        changes(&facts).iter().map(|(change, ..)| change.clone()).collect::<Vec<_>>(),
        [Change::Warned { percent: 50, late: false }, Change::Warned { percent: 80, late: false }]
    );
    assert!(facts.iter().all(|fact| fact.origin == Origin::Import));
    let due = clock.next_fire_at().unwrap();
    let facts = clock.fire(due, LATE);
    assert_eq!((facts.len(), facts[0].origin), (1, Origin::Live));
}

#[test]
fn a_cancelled_clock_fires_nothing_more() {
    let calendar = cn();
    let mut clock = clock(&calendar, Origin::Live, "2026-03-02T09:00", "8wh");
    let at_ = at("2026-03-02T15:00");
    let facts = clock.cancel(live(at_, at_), CancelReason::TicketCancelled, calendar.table(None)).unwrap();
    assert_eq!(facts.len(), 2, "the warning that was due, then the end");
    assert_eq!((clock.state, clock.next_fire_at()), (ClockState::Cancelled, None));
    assert_eq!(clock.working_seconds, Some(5 * 3_600));
}

#[test]
fn what_ends_an_open_import_here_is_live_and_its_past_is_not() {
    let calendar = cn();
    let mut clock = clock(&calendar, Origin::Import, "2026-11-03T09:00", "15wd");
    let now = at("2026-11-22T10:00:05");
    let facts = clock.stop(live(now, now), None, calendar.table(None)).unwrap();
    let told: Vec<_> = facts.iter().map(|fact| (fact.change.clone(), fact.origin)).collect();
    assert_eq!(
        told,
        [
            (Change::Warned { percent: 50, late: false }, Origin::Import),
            (Change::Warned { percent: 80, late: false }, Origin::Import),
            (Change::Stopped { on_time: true }, Origin::Live),
        ]
    );
}
