//! S4, T16, T17: pauses and extensions move due, used time is never lost, warnings and breach follow.

use crate::{at, cn};
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    Amount, ClockKind, Origin,
    calendar::Calendar,
    clock::{Begin, CancelReason, Change, Clock, ClockState, Course, Fact, News, Subject, Turn},
    policy::{OnSuspension, Rule, When},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use proptest::prelude::*;
use std::sync::LazyLock;
use uuid::Uuid;

fn clock(
    calendar: &Calendar,
    kind: ClockKind,
    start: &str,
    amount: &str,
    effect: Option<OnSuspension>,
) -> Clock {
    let rule = Rule {
        clock: kind,
        when: When::default(),
        amount: amount.parse().unwrap(),
        warn_percent: vec![50, 80],
        on_suspension: effect,
    };
    let begin = Begin {
        id: Uuid::from_u128(1),
        ticket_id: Uuid::from_u128(2),
        ticket_number: "GD2602130000000001",
        round: 1,
        kind,
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
        origin: Origin::Live,
        settle_at: None,
    };
    Clock::start(begin, at(start)).unwrap().0
}

fn handling(calendar: &Calendar, start: &str, amount: &str) -> Clock {
    clock(calendar, ClockKind::Handling, start, amount, None)
}

fn news(local: &str) -> News {
    News {
        at: at(local),
        told_at: at(local),
        origin: Origin::Live,
        late_after: SignedDuration::from_secs(30),
    }
}

fn names(facts: &[Fact]) -> Vec<&'static str> {
    facts
        .iter()
        .map(|fact| match fact.change {
            Change::Warned { .. } => "warned",
            Change::Breached { .. } => "breached",
            Change::Paused { runs_on: false } => "paused",
            Change::Resumed { .. } => "resumed",
            Change::Extended { .. } => "extended",
            Change::Restored => "restored",
            Change::Stopped { on_time: true } => "stopped on time",
            Change::Stopped { on_time: false } => "stopped late",
            Change::Cancelled { .. } => "cancelled",
            Change::Started => "started",
            Change::Paused { runs_on: true } => "ran on",
            Change::Recalculated { .. } => "recalculated",
            Change::Restarted { .. } => "restarted",
        })
        .collect()
}

/// Received on Monday 2026-03-02, so Friday 2026-03-06 is the fourth working day.
#[test]
fn a_pause_over_k_closes_moves_working_days_by_k_and_a_shorter_one_by_nothing() {
    let calendar = cn();
    for (pause, resume, due, why) in [
        ("2026-03-03T09:30", "2026-03-03T17:59", "2026-03-06T18:00", "no close"),
        ("2026-03-03T17:00", "2026-03-04T10:00", "2026-03-09T18:00", "one close, the weekend between"),
        ("2026-03-03T18:00", "2026-03-04T18:00", "2026-03-06T18:00", "from close to close: both ran"),
        ("2026-03-03T18:00", "2026-03-04T18:01", "2026-03-09T18:00", "the close of the 4th"),
        ("2026-03-03T10:00", "2026-03-05T10:00", "2026-03-10T18:00", "two closes"),
        (
            "2026-03-02T10:00",
            "2026-03-03T09:00",
            "2026-03-06T18:00",
            "the day of receipt does not count anyhow",
        ),
        ("2026-03-06T17:00", "2026-03-16T09:00", "2026-03-16T18:00", "over due: what was left is left"),
        ("2026-03-06T18:00", "2026-03-16T09:00", "2026-03-06T18:00", "it was over before"),
        ("2026-03-07T09:00", "2026-03-08T09:00", "2026-03-06T18:00", "after due"),
    ] {
        let mut clock = handling(&calendar, "2026-03-02T09:00", "4wd");
        assert_eq!(clock.due_at, at("2026-03-06T18:00"));
        clock.pause(news(pause));
        clock.resume(news(resume), calendar.table(None)).unwrap();
        assert_eq!(clock.due_at, at(due), "{why}");
    }
}

#[test]
fn working_hours_and_clock_hours_move_by_what_was_lost() {
    let calendar = cn();
    for (amount, due, pause, resume, moved) in [
        ("8wh", "2026-03-02T18:00", "2026-03-02T11:00", "2026-03-02T14:00", "2026-03-03T11:00"),
        ("8wh", "2026-03-02T18:00", "2026-03-02T12:00", "2026-03-02T13:00", "2026-03-02T18:00"),
        ("8wh", "2026-03-02T18:00", "2026-03-02T17:00", "2026-03-09T09:00", "2026-03-09T10:00"),
        ("24h", "2026-03-03T09:00", "2026-03-02T12:00", "2026-03-02T13:30", "2026-03-03T10:30"),
        ("2wdt", "2026-03-04T09:00", "2026-03-02T12:00", "2026-03-03T09:30", "2026-03-05T09:00"),
        ("2wdt", "2026-03-04T09:00", "2026-03-03T09:30", "2026-03-04T08:30", "2026-03-04T09:00"),
    ] {
        let mut clock = handling(&calendar, "2026-03-02T09:00", amount);
        assert_eq!(clock.due_at, at(due), "{amount}");
        clock.pause(news(pause));
        clock.resume(news(resume), calendar.table(None)).unwrap();
        assert_eq!(clock.due_at, at(moved), "{amount} from {pause} to {resume}");
    }
}

#[test]
fn nothing_fires_in_a_pause_and_what_is_left_fires_after_it() {
    let calendar = cn();
    let mut clock = handling(&calendar, "2026-03-02T09:00", "8wh");
    assert_eq!(names(&clock.pause(news("2026-03-02T15:00"))), ["warned", "paused"], "50 % was at 14:00");
    assert_eq!((clock.state, clock.next_fire_at()), (ClockState::Paused, None));
    assert!(clock.fire(at("2026-03-09T09:00"), SignedDuration::from_secs(30)).is_empty());
    assert!(clock.pause(news("2026-03-03T15:00")).is_empty(), "once");

    let facts = clock.resume(news("2026-03-04T09:00"), calendar.table(None)).unwrap();
    assert_eq!(facts[0].change, Change::Resumed { previous_due_at: at("2026-03-02T18:00") });
    assert_eq!(clock.due_at, at("2026-03-04T12:00"), "three hours were left");
    assert_eq!(clock.next_fire_at(), Some(at("2026-03-04T10:24")), "6.4 hours used");
    assert!(clock.resume(news("2026-03-04T09:00"), calendar.table(None)).unwrap().is_empty(), "once");

    let facts =
        clock.stop(news("2026-03-04T12:00"), Some(at("2026-03-02T10:00")), calendar.table(None)).unwrap();
    assert_eq!(names(&facts), ["warned", "stopped on time"]);
    assert_eq!(clock.working_seconds, Some(8 * 3_600), "without the pause");
    assert_eq!(clock.handling_working_seconds, Some(7 * 3_600));
}

#[test]
fn a_clock_whose_policy_lets_it_run_on_is_due_as_before_and_handling_is_without_the_suspension() {
    let calendar = cn();
    let mut clock = clock(&calendar, ClockKind::Handling, "2026-03-02T09:00", "4wd", Some(OnSuspension::Run));
    assert_eq!(names(&clock.pause(news("2026-03-03T09:00"))), ["ran on"]);
    assert_eq!(clock.state, ClockState::Running);
    assert_eq!(names(&clock.resume(news("2026-03-05T09:00"), calendar.table(None)).unwrap()), ["resumed"]);
    assert_eq!(clock.due_at, at("2026-03-06T18:00"));
    clock.stop(news("2026-03-05T10:00"), Some(at("2026-03-02T10:00")), calendar.table(None)).unwrap();
    assert_eq!(clock.working_seconds, Some(25 * 3_600));
    assert_eq!(clock.handling_working_seconds, Some(8 * 3_600));
}

#[test]
fn what_stops_or_is_cancelled_in_a_pause_keeps_the_time_used_before() {
    let calendar = cn();
    let mut stopped = handling(&calendar, "2026-03-02T09:00", "8wh");
    stopped.pause(news("2026-03-02T12:00"));
    let facts = stopped.stop(news("2026-03-05T12:00"), None, calendar.table(None)).unwrap();
    assert_eq!(names(&facts), ["stopped on time"]);
    assert_eq!(stopped.working_seconds, Some(3 * 3_600));

    let mut cancelled = handling(&calendar, "2026-03-02T09:00", "8wh");
    cancelled.pause(news("2026-03-02T12:00"));
    let reason = CancelReason::TicketCancelled;
    let facts = cancelled.cancel(news("2026-03-05T12:00"), reason, calendar.table(None)).unwrap();
    assert_eq!(names(&facts), ["cancelled"]);
    assert_eq!(cancelled.working_seconds, Some(3 * 3_600));
}

#[test]
fn an_extension_moves_due_and_its_warnings_and_later_pauses_go_on_from_there() {
    let calendar = cn();
    let mut clock = handling(&calendar, "2026-03-02T09:00", "4wd");
    clock.fire(at("2026-03-06T12:00"), SignedDuration::from_secs(30));
    assert_eq!(clock.warned, 2);
    let until = at("2026-03-13T18:00");
    let facts = clock.extend(until, news("2026-03-06T13:00"), calendar.table(None)).unwrap();
    assert_eq!(facts[0].change, Change::Extended { previous_due_at: at("2026-03-06T18:00") });
    assert_eq!((clock.due_at, clock.breached), (until, false));
    // 80 working hours from start to due: 80 % is at 64 of them
    assert_eq!((clock.warned, clock.next_fire_at()), (0, Some(at("2026-03-06T18:00"))));
    assert_eq!(clock.thresholds[1].at, at("2026-03-11T18:00"));
    clock.pause(news("2026-03-12T17:00"));
    clock.resume(news("2026-03-13T09:00"), calendar.table(None)).unwrap();
    assert_eq!(clock.due_at, at("2026-03-16T18:00"), "a close was paused");
    let facts = clock.stop(news("2026-03-16T18:00"), None, calendar.table(None)).unwrap();
    assert_eq!(names(&facts).last(), Some(&"stopped on time"));
}

#[test]
fn an_extension_granted_after_due_takes_the_breach_back() {
    let calendar = cn();
    let mut clock = handling(&calendar, "2026-03-02T09:00", "4wd");
    clock.fire(at("2026-03-06T18:00:01"), SignedDuration::from_secs(30));
    assert!(clock.breached);
    clock.extend(at("2026-03-10T18:00"), news("2026-03-06T18:10"), calendar.table(None)).unwrap();
    assert!(!clock.breached);
    let due = clock.thresholds[1].at.max(at("2026-03-10T18:00:01"));
    assert_eq!(
        names(&clock.fire(due, SignedDuration::from_secs(30))).last(),
        Some(&"breached"),
        "at the new one"
    );
}

#[test]
fn a_merge_that_is_undone_leaves_the_clock_as_if_it_had_not_been() {
    let calendar = cn();
    for paused in [false, true] {
        let mut clock = handling(&calendar, "2026-03-02T09:00", "4wd");
        if paused {
            clock.pause(news("2026-03-02T10:00"));
        }
        let before = clock.clone();
        let table = calendar.table(None);
        clock.cancel(news("2026-03-03T09:00"), CancelReason::Merged, table).unwrap();
        assert_eq!(names(&clock.restore(news("2026-03-04T09:00"))), ["restored"]);
        assert_eq!(Clock { version: before.version, ..clock.clone() }, before);
        clock.cancel(news("2026-03-05T09:00"), CancelReason::TicketCancelled, table).unwrap();
        assert!(clock.restore(news("2026-03-05T10:00")).is_empty(), "only a merge");
    }
}

/// Counts closes at which the clock runs, day by day, without the calendar's sums.
fn by_walk(calendar: &Calendar, start: Timestamp, days: u32, pauses: &[(Timestamp, Timestamp)]) -> Timestamp {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let mut day: Date = zone.to_datetime(start).date();
    let mut left = days;
    loop {
        day = day.tomorrow().unwrap();
        let close = zone.to_timestamp(day.at(18, 0, 0, 0)).unwrap();
        let worked =
            calendar.table(None).working_between(close - SignedDuration::from_hours(9), close).unwrap();
        let runs = !pauses.iter().any(|(from, to)| *from < close && close < *to);
        left -= u32::from(!worked.is_zero() && runs);
        if left == 0 {
            return close;
        }
    }
}

static CALENDAR: LazyLock<Calendar> = LazyLock::new(cn);

proptest! {
    #[test]
    fn working_days_with_pauses_are_due_when_a_walk_over_closes_says(
        start in 0_i64..400 * 24,
        days in 1_u32..30,
        gaps in proptest::collection::vec((1_i64..200, 1_i64..200), 0..5),
    ) {
        let calendar = &*CALENDAR;
        let hour = SignedDuration::from_hours;
        let start = at("2025-01-02T08:30") + hour(start);
        let (mut turns, mut pauses, mut now) = (Vec::new(), Vec::new(), start);
        for (run, rest) in gaps {
            let from = now + hour(run);
            now = from + hour(rest);
            turns.extend([Turn::Paused { at: from, runs_on: false }, Turn::Resumed { at: now }]);
            pauses.push((from, now));
        }
        let amount = Amount::working_days(i64::from(days)).unwrap();
        let course = Course { started_at: start, amount, turns: &turns };
        let due = course.due(calendar.table(None)).unwrap();
        prop_assert_eq!(due, by_walk(calendar, start, days, &pauses));
        // warnings are in order, before due, and never in a pause
        let thresholds = course.thresholds(calendar.table(None), due, [10, 50, 80].into_iter()).unwrap();
        prop_assert!(thresholds.is_sorted_by_key(|threshold| threshold.at));
        for threshold in thresholds {
            prop_assert!(start <= threshold.at && threshold.at <= due);
            prop_assert!(!pauses.iter().any(|(from, to)| *from < threshold.at && threshold.at < *to));
        }
    }

    #[test]
    fn used_time_is_never_lost(
        seconds in 60_u32..200_000,
        working in any::<bool>(),
        gaps in proptest::collection::vec((1_i64..50, 1_i64..100), 0..5),
    ) {
        let calendar = &*CALENDAR;
        let table = calendar.table(None);
        let amount = if working { Amount::Working { seconds } } else { Amount::Elapsed { seconds } };
        let (start, hour) = (at("2026-03-02T10:20"), SignedDuration::from_hours);
        let (mut turns, mut pauses, mut now) = (Vec::new(), Vec::new(), start);
        for (run, rest) in gaps {
            let from = now + hour(run);
            now = from + hour(rest);
            turns.extend([Turn::Paused { at: from, runs_on: false }, Turn::Resumed { at: now }]);
            pauses.push((from, now));
        }
        let due = Course { started_at: start, amount, turns: &turns }.due(table).unwrap();
        let measure = |from: Timestamp, to: Timestamp| {
            if working { table.working_between(from, to).unwrap() } else { (to.duration_since(from)).max(SignedDuration::ZERO) }
        };
        let rested: SignedDuration =
            pauses.iter().filter(|(from, _)| *from < due).map(|(from, to)| measure(*from, (*to).min(due))).sum();
        prop_assert_eq!((measure(start, due) - rested).as_secs(), i64::from(seconds));
    }
}
