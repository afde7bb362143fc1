//! What holds for every start and amount, by calendars unlike each other: the national one, New York, Lord Howe with its
//! half-hour clock changes, night shifts, and regions. Source: S1, S2, S4.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendars;

use calendars::{Case, cases};
use gongdan_calendar::{Amount, DayEnd};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use proptest::prelude::*;

const MICRO: SignedDuration = SignedDuration::from_micros(1);

/// Starts of three years around the data, to the microsecond; one in four near a clock change.
fn instants() -> impl Strategy<Value = Timestamp> {
    let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
    let anywhere = micros("2024-11-20T00:00:00Z")..micros("2027-06-01T00:00:00Z");
    let changes = [
        "2025-11-02T06:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
    ];
    let day = 86_400_000_000_i64;
    let near =
        (prop::sample::select(changes.map(micros).to_vec()), -2 * day..2 * day).prop_map(|(at, by)| at + by);
    prop_oneof![3 => anywhere, 1 => near].prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn calendars() -> impl Strategy<Value = &'static Case> {
    (0..cases().len()).prop_map(|index| &cases()[index])
}

fn days(days: i64) -> Amount {
    Amount::working_days(days).unwrap()
}

/// Closes of worked days after the day of `start`, in `(start, to]`, by a walk over dates that asks only for working time.
fn closes(case: &Case, start: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let received = case.date(start);
    let mut closes = Vec::new();
    let mut day: Date = received;
    loop {
        day = day.tomorrow().unwrap();
        if case.first_instant(day) > to {
            return closes.into_iter().filter(|close| *close <= to).collect();
        }
        closes.extend(case.close(day));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn working_time_from_start_to_due_is_the_amount(case in calendars(), start in instants(), seconds in 1_i64..4_000_000) {
        let table = case.table();
        let due = table.due(start, Amount::working(seconds).unwrap()).unwrap();
        prop_assert_eq!(table.working_between(start, due).unwrap(), SignedDuration::from_secs(seconds));
        // and not a moment earlier
        prop_assert!(table.working_between(start, due - MICRO).unwrap() < SignedDuration::from_secs(seconds));
        prop_assert!(table.works_at(due - MICRO).unwrap(), "it ends in working time");
    }

    #[test]
    fn working_time_is_what_a_walk_over_minutes_finds(case in calendars(), start in instants(), minutes in 1_i64..3_000) {
        let table = case.table();
        let mut at = Timestamp::from_second(start.as_second().div_euclid(60) * 60).unwrap();
        let (from, minute) = (at, SignedDuration::from_mins(1));
        let mut worked = SignedDuration::ZERO;
        for _ in 0..minutes {
            let is_worked = table.works_at(at).unwrap();
            worked += if is_worked { minute } else { SignedDuration::ZERO };
            at += minute;
        }
        prop_assert_eq!(table.working_between(from, at).unwrap(), worked);
    }

    #[test]
    fn working_time_adds_up_wherever_it_is_split(case in calendars(), mut cuts in prop::array::uniform3(instants())) {
        cuts.sort_unstable();
        let [a, b, c] = cuts;
        let table = case.table();
        let between = |from, to| table.working_between(from, to).unwrap();
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
    }

    #[test]
    fn amounts_may_be_split(case in calendars(), start in instants(), first in 1_i64..500_000, second in 1_i64..500_000) {
        let table = case.table();
        let due = |start, seconds| table.due(start, Amount::working(seconds).unwrap()).unwrap();
        prop_assert_eq!(due(due(start, first), second), due(start, first + second));
    }

    #[test]
    fn later_or_more_is_never_due_earlier(
        case in calendars(), (one, two) in (instants(), instants()), number in 1_i64..200, seconds in 1_i64..1_000_000,
    ) {
        let table = case.table();
        let (earlier, later) = (one.min(two), one.max(two));
        for (amount, more) in [
            (Amount::working_days(number), Amount::working_days(number + 1)),
            (Amount::working(seconds), Amount::working(seconds + 1)),
            (Amount::elapsed(seconds), Amount::elapsed(seconds + 1)),
        ] {
            let (amount, more) = (amount.unwrap(), more.unwrap());
            prop_assert!(table.due(earlier, amount).unwrap() <= table.due(later, amount).unwrap());
            prop_assert!(table.due(earlier, amount).unwrap() < table.due(earlier, more).unwrap());
        }
    }

    #[test]
    fn a_pause_moves_due_by_its_working_length(
        case in calendars(), start in instants(), seconds in 60_i64..1_000_000, at in 0_i64..1_000, rest in 1_i64..2_000_000,
    ) {
        let (table, amount) = (case.table(), Amount::working(seconds).unwrap());
        let due = table.due(start, amount).unwrap();
        let pause = start + SignedDuration::from_micros(due.duration_since(start).as_micros() as i64 / 1_000 * at);
        let resume = pause + SignedDuration::from_secs(rest);
        let moved = table.after_pause(due, amount, start, (pause, resume)).unwrap();
        if pause == due {
            prop_assert_eq!(moved, due);
        } else {
            let lost = table.working_between(pause, resume).unwrap();
            prop_assert_eq!(table.working_between(due, moved).unwrap(), lost);
            prop_assert_eq!(table.working_between(start, pause).unwrap() + table.working_between(resume.min(moved), moved).unwrap(),
                SignedDuration::from_secs(seconds), "used time stays used");
        }
    }

    #[test]
    fn a_pause_moves_clock_time_by_its_length(case in calendars(), start in instants(), seconds in 1_000_i64..1_000_000, rest in 1_i64..2_000_000) {
        let (table, amount) = (case.table(), Amount::elapsed(seconds).unwrap());
        let due = table.due(start, amount).unwrap();
        let pause = start + SignedDuration::from_secs(seconds / 2);
        let moved = table.after_pause(due, amount, start, (pause, pause + SignedDuration::from_secs(rest))).unwrap();
        prop_assert_eq!(moved, due + SignedDuration::from_secs(rest));
    }

    #[test]
    fn closes_from_start_to_due_are_as_many_as_the_working_days(case in calendars(), start in instants(), number in 1_i64..60) {
        let table = case.table();
        let due = table.due(start, days(number)).unwrap();
        let closes = closes(case, start, due);
        prop_assert_eq!(closes.len() as i64, number);
        prop_assert_eq!(closes.last(), Some(&due));
    }

    #[test]
    fn a_pause_over_closes_moves_due_by_as_many_days_and_a_shorter_one_by_nothing(
        case in calendars(), start in instants(), number in 1_i64..30, at in 0_i64..1_000, rest in 1_i64..2_000_000,
    ) {
        let (table, amount) = (case.table(), days(number));
        let due = table.due(start, amount).unwrap();
        let pause = start + SignedDuration::from_micros(due.duration_since(start).as_micros() as i64 / 1_000 * at);
        let resume = pause + SignedDuration::from_secs(rest);
        let covered = closes(case, start, resume).into_iter().filter(|close| pause < *close && *close < resume).count();
        let moved = table.after_pause(due, amount, start, (pause, resume)).unwrap();
        if covered == 0 {
            prop_assert_eq!(moved, due);
        }
        prop_assert_eq!(moved, table.due(start, days(number + covered as i64)).unwrap());
        let running = closes(case, start, moved).into_iter().filter(|close| *close <= pause || resume <= *close).count();
        prop_assert_eq!(running as i64, number, "closes at which the clock ran");
    }

    #[test]
    fn the_same_time_of_day_is_on_the_last_working_day(case in calendars(), start in instants(), number in 1_i64..60) {
        let table = case.table();
        let amount = Amount::WorkingDays { days: u32::try_from(number).unwrap(), end: DayEnd::SameTime };
        let due = table.due(start, amount).unwrap();
        let last = closes(case, start, case.first_instant(case.date(due).checked_add(3.days()).unwrap()));
        let close = last.get(usize::try_from(number - 1).unwrap()).copied().unwrap();
        prop_assert_eq!(case.close(case.date(due)), Some(close));
        let (begun, ends) = (case.zone().to_datetime(start).time(), case.zone().to_datetime(due).time());
        // only a clock change moves it, to the moment of the change
        prop_assert!(begun == ends || case.zone().preceding(due + MICRO).next().is_some_and(|change| change.timestamp() == due));
    }

    #[test]
    fn an_explanation_adds_up(case in calendars(), start in instants(), number in 1_i64..40, seconds in 1_i64..400_000) {
        let table = case.table();
        for amount in [days(number), Amount::working(seconds).unwrap(), Amount::elapsed(seconds).unwrap(), "7wdt".parse().unwrap()] {
            let due = table.due(start, amount).unwrap();
            let spans = table.explain(start, due, amount).unwrap();
            let working: SignedDuration = spans.iter().map(|span| span.working).sum();
            prop_assert_eq!(working, table.working_between(start, due).unwrap());
            if let Amount::WorkingDays { days, .. } = amount {
                prop_assert_eq!(spans.iter().filter(|span| span.counted).map(|span| span.days).sum::<u32>(), days);
            }
            for pair in spans.windows(2) {
                prop_assert_eq!(pair[0].to.tomorrow().unwrap(), pair[1].from, "without gaps");
            }
        }
    }

    #[test]
    fn thresholds_lie_in_order_between_start_and_due(case in calendars(), start in instants(), number in 1_i64..60) {
        let table = case.table();
        let due = table.due(start, days(number)).unwrap();
        let at: Vec<_> = [1, 50, 80, 99].iter().map(|p| table.threshold(start, due, days(number), *p).unwrap()).collect();
        prop_assert!(at.is_sorted());
        prop_assert!(start <= at[0] && at[3] < due);
    }
}
