//! S4, S7: other terms and a restart; used time never changes, what is left moves.

use crate::{at, cn};
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    Amount, ClockKind, DayEnd, Origin,
    calendar::{Calendar, Table},
    clock::{Begin, Cause, Change, Clock, ClockState, NewTerms, News, Subject, Turn},
    policy::{Rule, When},
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

const LATE: SignedDuration = SignedDuration::from_secs(30);

fn rule(amount: &str) -> Rule {
    Rule {
        clock: ClockKind::Handling,
        when: When::default(),
        amount: amount.parse().unwrap(),
        warn_percent: vec![50, 80],
        on_suspension: None,
    }
}

fn region() -> RegionCode {
    RegionCode::parse("440106").unwrap()
}

fn clock(table: &Table, start: Timestamp, amount: &str) -> Clock {
    let begin = Begin {
        id: Uuid::from_u128(1),
        ticket_id: Uuid::from_u128(2),
        ticket_number: "GD2602130000000001",
        round: 1,
        kind: ClockKind::Handling,
        record_id: None,
        due_at: None,
        policy: "hotline@1".into(),
        calendar: "cn@1".into(),
        rule: &rule(amount),
        position: Some(0),
        table,
        started_at: start,
        subject: Subject::default(),
        unit_id: "",
        handler_id: "",
        region: region(),
        origin: Origin::Live,
        settle_at: None,
    };
    Clock::start(begin, start).unwrap().0
}

fn news(at: Timestamp) -> News {
    News { at, told_at: at, origin: Origin::Live, late_after: LATE }
}

/// Lays the clock on another amount; whether it changed.
fn lay_on(clock: &mut Clock, amount: &str, table: &Table, when: Timestamp) -> bool {
    let rule = rule(amount);
    let terms = NewTerms {
        policy: "hotline@2",
        rule: &rule,
        position: Some(0),
        calendar: "cn@1",
        table,
        region: region(),
    };
    !clock.recalculate(&terms, table, news(when), Cause::Terms).unwrap().is_empty()
}

/// Received on Monday 2026-03-02 at 09:00.
#[test]
fn what_is_left_moves_and_what_was_used_stays() {
    let calendar = cn();
    let table = calendar.table(None);
    for (amount, when, to, due, why) in [
        ("4wd", "2026-03-04T10:00", "6wd", "2026-03-10T18:00", "one close was used, five are left"),
        (
            "4wd",
            "2026-03-04T18:00",
            "6wd",
            "2026-03-10T18:00",
            "the close of the 4th was used: four are left",
        ),
        ("6wd", "2026-03-04T10:00", "2wd", "2026-03-04T18:00", "the second close is today"),
        ("6wd", "2026-03-04T18:00:01", "2wd", "2026-03-04T18:00:01", "nothing is left: due at once"),
        ("4wd", "2026-03-02T17:00", "24h", "2026-03-03T09:00", "eight clock hours were used"),
        ("4wd", "2026-03-04T10:00", "24h", "2026-03-04T10:00", "more than a day was used"),
        (
            "4wd",
            "2026-03-03T10:00",
            "16wh",
            "2026-03-03T18:00",
            "nine of sixteen working hours, 4 pm with lunch",
        ),
        ("8wh", "2026-03-02T12:00", "16wh", "2026-03-03T18:00", "three of sixteen were used"),
        ("24h", "2026-03-02T12:00", "2wd", "2026-03-04T18:00", "no close was used: the day of receipt"),
        ("24h", "2026-03-02T12:00", "2wdt", "2026-03-04T09:00", "to the time of day it began"),
        ("2wd", "2026-03-03T10:00", "2wdt", "2026-03-04T09:00", "nine o'clock of the 3rd was used"),
    ] {
        let mut clock = clock(table, at("2026-03-02T09:00"), amount);
        assert!(lay_on(&mut clock, to, table, at(when)), "{why}");
        assert_eq!(clock.due_at, at(due), "{amount} to {to} at {when}: {why}");
        assert_eq!(clock.due_at, clock.course().due(table).unwrap(), "the course says the same");
    }
}

#[test]
fn what_was_overdue_stays_due_when_it_was_and_breaches_once() {
    let calendar = cn();
    let table = calendar.table(None);
    let mut clock = clock(table, at("2026-03-02T09:00"), "2wd");
    clock.fire(at("2026-03-05T09:00"), LATE);
    assert!(clock.breached);
    assert!(lay_on(&mut clock, "1wd", table, at("2026-03-05T10:00")));
    assert_eq!((clock.due_at, clock.breached), (at("2026-03-04T18:00"), true));
    assert_eq!(clock.next_fire_at(), None, "it was told of already");
    // more time than it had takes the breach back, and it may come again
    assert!(lay_on(&mut clock, "5wd", table, at("2026-03-05T11:00")));
    assert_eq!((clock.due_at, clock.breached), (at("2026-03-09T18:00"), false));
    clock.fire(at("2026-03-10T09:00"), LATE);
    assert!(clock.breached);
}

#[test]
fn an_amount_that_is_used_up_breaches_at_once_and_not_late() {
    let calendar = cn();
    let table = calendar.table(None);
    let mut clock = clock(table, at("2026-03-02T09:00"), "15wd");
    let when = at("2026-03-06T10:00");
    lay_on(&mut clock, "2wd", table, when);
    let changes: Vec<_> =
        clock.fire(clock.next_fire_at().unwrap(), LATE).into_iter().map(|fact| fact.change).collect();
    assert_eq!(
        changes,
        [Change::Breached { late: false }],
        "no warnings of what was over before it was known"
    );
}

#[test]
fn warnings_count_from_the_whole_and_those_that_were_passed_are_not_told() {
    let calendar = cn();
    let table = calendar.table(None);
    // 09:00 to 15:00 are five working hours; of ten, half is gone
    let mut clock = clock(table, at("2026-03-02T09:00"), "20wh");
    lay_on(&mut clock, "10wh", table, at("2026-03-02T15:00"));
    let thresholds: Vec<_> = clock.thresholds.iter().map(|threshold| threshold.at).collect();
    assert_eq!(thresholds, [at("2026-03-02T15:00"), at("2026-03-02T18:00")]);
    assert_eq!((clock.warned, clock.next_fire_at()), (1, Some(at("2026-03-02T18:00"))));
    assert_eq!(clock.due_at, at("2026-03-03T11:00"));
}

#[test]
fn in_a_pause_what_is_left_waits_for_its_end() {
    let calendar = cn();
    let table = calendar.table(None);
    let mut clock = clock(table, at("2026-03-02T09:00"), "8wh");
    clock.pause(news(at("2026-03-02T12:00")));
    lay_on(&mut clock, "16wh", table, at("2026-03-04T10:00"));
    assert_eq!(clock.state, ClockState::Paused);
    assert_eq!(clock.due_at, at("2026-03-03T18:00"), "as if the pause had not begun");
    clock.resume(news(at("2026-03-05T09:00")), table).unwrap();
    assert_eq!(clock.due_at, at("2026-03-06T15:00"), "three were used, thirteen are left");
    assert_eq!(clock.thresholds[0].at, at("2026-03-05T15:00"), "eight of sixteen");
    clock.stop(news(at("2026-03-06T15:00")), Some(at("2026-03-02T10:00")), table).unwrap();
    assert_eq!(clock.working_seconds, Some(16 * 3_600));
    assert_eq!(
        clock.handling_working_seconds,
        Some(13 * 3_600),
        "what was before the change had no dispatch yet"
    );
}

#[test]
fn a_deadline_that_somebody_gave_is_kept() {
    let calendar = cn();
    let table = calendar.table(None);
    let mut clock = clock(table, at("2026-03-02T09:00"), "4wd");
    let until = at("2026-03-13T18:00");
    clock.extend(until, news(at("2026-03-03T09:00")), table).unwrap();
    assert!(!lay_on(&mut clock, "1wd", table, at("2026-03-04T09:00")));
    assert_eq!((clock.due_at, clock.policy.as_str()), (until, "hotline@1"));
}

#[test]
fn a_restart_gives_the_whole_amount_again_and_loses_no_time() {
    let calendar = cn();
    let table = calendar.table(None);
    let mut clock = clock(table, at("2026-03-02T09:00"), "8wh");
    clock.fire(at("2026-03-02T18:00:01"), LATE);
    let facts = clock.restart(news(at("2026-03-03T09:00")), table).unwrap();
    assert_eq!(facts[0].change, Change::Restarted { previous_due_at: at("2026-03-02T18:00") });
    assert_eq!((clock.due_at, clock.breached, clock.warned), (at("2026-03-03T18:00"), false, 0));
    assert_eq!(clock.thresholds[0].at, at("2026-03-03T14:00"));
    // and later terms count from the restart
    lay_on(&mut clock, "10wh", table, at("2026-03-03T12:00"));
    assert_eq!(clock.due_at, at("2026-03-04T11:00"));
    clock.stop(news(at("2026-03-04T10:00")), None, table).unwrap();
    assert_eq!(clock.working_seconds, Some(17 * 3_600), "all in all");
}

/// A newer version of the calendar has two days off more: one that is past when it is applied, and one ahead.
#[test]
fn another_calendar_counts_from_the_change_on() {
    let days_off = "\"2026\": {\n      \"days_off\": [\n";
    let more = [3, 6].map(|day| format!("{{ \"date\": \"2026-03-0{day}\", \"holiday\": \"元旦\" }},\n"));
    assert!(crate::CN.contains(days_off));
    let newer = crate::CN.replacen(days_off, &format!("{days_off}{}", more.concat()), 1);
    let (old, newer) = (cn(), Calendar::read(&newer, 2).unwrap());
    let (old, new) = (old.table(None), newer.table(None));
    let rule = rule("4wd");
    let terms = |calendar, table| NewTerms {
        policy: "hotline@1",
        rule: &rule,
        position: Some(0),
        calendar,
        table,
        region: region(),
    };
    let mut clock = clock(old, at("2026-03-02T09:00"), "4wd");
    let when = news(at("2026-03-04T09:00"));
    assert!(clock.recalculate(&terms("cn@1", old), old, when, Cause::Terms).unwrap().is_empty());
    let facts = clock.recalculate(&terms("cn@2", new), old, when, Cause::Terms).unwrap();
    assert_eq!(
        clock.due_at,
        at("2026-03-09T18:00"),
        "the 3rd was used, though it is off now; the 6th is not"
    );
    assert_eq!(clock.calendar, "cn@2");
    let Change::Recalculated { previous_due_at, before, .. } = &facts[0].change else { panic!("{facts:?}") };
    assert_eq!((*previous_due_at, before.calendar.as_str()), (at("2026-03-06T18:00"), "cn@1"));
    clock.stop(news(at("2026-03-09T18:00")), None, new).unwrap();
    assert_eq!(clock.working_seconds, Some(5 * 8 * 3_600), "2nd to 5th and the 9th");
}

static CALENDAR: LazyLock<Arc<Calendar>> = LazyLock::new(|| Arc::new(cn()));

fn amounts() -> impl Strategy<Value = Amount> {
    prop_oneof![
        (1_u32..25).prop_map(|days| Amount::WorkingDays { days, end: DayEnd::Close }),
        (1_u32..25).prop_map(|days| Amount::WorkingDays { days, end: DayEnd::SameTime }),
        (60_u32..500_000).prop_map(|seconds| Amount::Working { seconds }),
        (60_u32..2_000_000).prop_map(|seconds| Amount::Elapsed { seconds }),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Pause,
    Resume,
    Amount(Amount),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let step = prop_oneof![
        3 => Just(Step::Pause),
        3 => Just(Step::Resume),
        3 => amounts().prop_map(Step::Amount),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec((1_i64..4_000, step), 0..8)
}

/// Plays the steps, each so many minutes after the one before; the clock, and when the last was.
fn play(amount: Amount, steps: &[(i64, Step)]) -> (Clock, Timestamp) {
    let table = CALENDAR.table(None);
    let mut now = at("2025-09-20T10:20");
    let mut clock = clock(table, now, &amount.to_string());
    for (minutes, step) in steps {
        now += SignedDuration::from_mins(*minutes);
        match step {
            Step::Pause => drop(clock.pause(news(now))),
            Step::Resume => drop(clock.resume(news(now), table).unwrap()),
            Step::Amount(amount) => drop(lay_on(&mut clock, &amount.to_string(), table, now)),
            Step::Restart => drop(clock.restart(news(now), table).unwrap()),
        }
        assert_eq!(clock.due_at, clock.course().due(table).unwrap(), "after {step:?}");
    }
    (clock, now)
}

proptest! {
    /// The same terms change nothing, whenever they are laid on.
    #[test]
    fn the_same_terms_leave_a_clock_as_it_is(amount in amounts(), steps in steps(), after in 0_i64..20_000) {
        let (mut clock, now) = play(amount, &steps);
        let (before, amount) = (clock.clone(), clock.amount.to_string());
        let changed = lay_on(&mut clock, &amount, CALENDAR.table(None), now + SignedDuration::from_mins(after));
        prop_assert!(!changed, "{:?} became {:?}", before, clock);
        prop_assert_eq!(clock, before);
    }

    /// Whatever happened, a clock that runs to its due time has used its amount, neither more nor less, unless that was
    /// used up when the last terms came.
    #[test]
    fn at_due_the_amount_is_used(amount in amounts(), steps in steps()) {
        let (mut clock, now) = play(amount, &steps);
        let table = CALENDAR.table(None);
        clock.resume(news(now), table).unwrap();
        prop_assume!(clock.due_at > now);
        let spent = clock.course().spent(table, clock.due_at, None).unwrap();
        match clock.amount {
            Amount::WorkingDays { days, end: DayEnd::Close } => prop_assert_eq!(spent.closes, days),
            Amount::WorkingDays { days, end: DayEnd::SameTime } => prop_assert_eq!(spent.marks, days),
            Amount::Working { seconds } => prop_assert_eq!(spent.working.as_secs(), i64::from(seconds)),
            Amount::Elapsed { seconds } => prop_assert_eq!(spent.elapsed.as_secs(), i64::from(seconds)),
        }
    }

    /// Other terms leave what was used, and the time worked all in all, as they were.
    #[test]
    fn other_terms_leave_what_was_used(
        amount in amounts(), steps in steps(), other in amounts(), after in 1_i64..5_000,
    ) {
        let (mut clock, now) = play(amount, &steps);
        let (table, when) = (CALENDAR.table(None), now + SignedDuration::from_mins(after));
        let before = clock.course().spent(table, when, None).unwrap();
        if lay_on(&mut clock, &other.to_string(), table, when) {
            prop_assert_eq!(clock.course().spent(table, when, None).unwrap(), before);
            let kept = matches!(clock.turns.last(), Some(Turn::Recalculated { spent, .. }) if *spent == before);
            prop_assert!(kept);
        }
        let thresholds = &clock.thresholds;
        prop_assert!(thresholds.is_sorted_by_key(|threshold| threshold.at));
        prop_assert!(thresholds.iter().all(|threshold| threshold.at <= clock.due_at.max(when)));
    }

    /// What is explained is what counts: the steps end at due, and the stretches hold the time that was used, without gaps.
    #[test]
    fn s8_an_explanation_adds_up(amount in amounts(), steps in steps(), after in 0_i64..20_000) {
        let (mut clock, now) = play(amount, &steps);
        let (table, end) = (CALENDAR.table(None), now + SignedDuration::from_mins(after));
        let calendar = |id: &str| (id == "cn@1").then(|| Arc::clone(&CALENDAR));
        let running = clock.explain(&calendar, end).unwrap();
        prop_assert_eq!(running.steps.last().unwrap().due_at, clock.due_at);
        prop_assert_eq!(running.steps.len(), clock.turns.len() + 1);
        let sum: SignedDuration = running.stretches.iter().map(|stretch| stretch.working).sum();
        prop_assert_eq!(sum, clock.course().spent(table, end, None).unwrap().worked);
        for pair in running.stretches.windows(2) {
            prop_assert_eq!(pair[0].segment.to, Some(pair[1].segment.from));
        }
        prop_assert_eq!(running.stretches[0].segment.from, clock.started_at);
        prop_assert_eq!(running.stretches.last().unwrap().segment.to, None);
        if !clock.turns.iter().any(|turn| matches!(turn, Turn::Recalculated { .. } | Turn::Restarted { .. })) {
            let days: u32 = running.stretches.iter().map(|stretch| stretch.days).sum();
            let spent = clock.course().spent(table, end, None).unwrap();
            let same_time = matches!(clock.amount, Amount::WorkingDays { end: DayEnd::SameTime, .. });
            prop_assert_eq!(days, if same_time { spent.marks } else { spent.closes });
        }
        clock.stop(news(end), None, table).unwrap();
        let ended = clock.explain(&calendar, end + SignedDuration::from_hours(999)).unwrap();
        let sum: SignedDuration = ended.stretches.iter().map(|stretch| stretch.working).sum();
        prop_assert_eq!(Some(sum.as_secs()), clock.working_seconds);
        prop_assert_eq!(ended.stretches.last().unwrap().segment.to, Some(end));
    }

    /// Turns are stored and read as they are.
    #[test]
    fn turns_survive_storage(amount in amounts(), steps in steps()) {
        let (clock, _) = play(amount, &steps);
        let stored = serde_json::to_string(&clock.turns).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Turn>>(&stored).unwrap(), clock.turns);
    }
}
