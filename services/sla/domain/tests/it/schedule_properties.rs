//! S10: whatever the expression, the zone and the clock changes, no planned time is left out and none comes twice.

use gongdan_sla_domain::schedule::{CatchUp, ClockChange, Cron, Limits, Plan, Recurrence};
use jiff::{
    SignedDuration, Timestamp,
    civil::{DateTime, date},
    tz::TimeZone,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

const ZONES: [&str; 8] = [
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Paris",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Cairo",
    "Pacific/Apia",
    "America/Sao_Paulo",
];

/// An expression and what it means, said without croner: minutes and hours, and whether the hour is `*`.
#[derive(Debug, Clone)]
struct Daily {
    minutes: BTreeSet<i8>,
    hours: Option<BTreeSet<i8>>,
}

impl Daily {
    fn text(&self) -> String {
        let list = |set: &BTreeSet<i8>| set.iter().map(i8::to_string).collect::<Vec<_>>().join(",");
        format!("{} {} * * *", list(&self.minutes), self.hours.as_ref().map_or("*".to_owned(), list))
    }

    fn is_at(&self, local: DateTime) -> bool {
        self.minutes.contains(&local.minute())
            && self.hours.as_ref().is_none_or(|hours| hours.contains(&local.hour()))
    }
}

fn daily() -> impl Strategy<Value = Daily> {
    let minutes = prop::collection::btree_set(0_i8..60, 1..4);
    let hours = prop::option::of(prop::collection::btree_set(0_i8..6, 1..4));
    (minutes, hours).prop_map(|(minutes, hours)| Daily { minutes, hours })
}

/// Two days around a change of clocks, or around any day where there is none.
fn around(zone: &TimeZone, from: Timestamp) -> (Timestamp, Timestamp) {
    let change = zone.following(from).next().map_or(from, |change| change.timestamp());
    (change - SignedDuration::from_hours(30), change + SignedDuration::from_hours(30))
}

/// Every minute that passes, one after the other.
fn minutes(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = from.as_second().div_euclid(60) + 1;
    let last = to.as_second().div_euclid(60);
    (first..=last).map(|minute| Timestamp::from_second(minute * 60).unwrap())
}

/// Every time of day of the days in between, as an instant: found by walking the minutes that pass.
fn times_of_day(daily: &Daily, zone: &TimeZone, from: Timestamp, to: Timestamp) -> BTreeSet<Timestamp> {
    let mut found = BTreeSet::new();
    let start = from - SignedDuration::from_hours(30);
    let mut shown = zone.to_datetime(start);
    for minute in minutes(start, to) {
        let local = zone.to_datetime(minute);
        // every time on the wall that was reached for the first time with this minute
        let mut reached = shown.max(local.min(shown));
        while reached < local {
            reached = reached.checked_add(SignedDuration::from_mins(1)).unwrap();
            if daily.is_at(reached) {
                found.insert(minute);
            }
        }
        shown = shown.max(local);
    }
    found.into_iter().filter(|at| *at > from).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_planned_time_is_left_out_or_doubled_over_clock_changes(
        daily in daily(), name in prop::sample::select(&ZONES[..]), day in 0_i64..9_000,
    ) {
        let zone = TimeZone::get(name).unwrap();
        let begin: Timestamp = "2005-01-01T00:00:00Z".parse().unwrap();
        let (from, to) = around(&zone, begin + SignedDuration::from_hours(24 * day));
        let recurrence = Recurrence::Cron(Cron::read(&daily.text(), date(2005, 1, 1)).unwrap());
        let plan = Plan::new(&recurrence, &zone, None);
        let planned: Vec<_> = plan.after(from).map(|run| run.at).take_while(|at| *at <= to).collect();
        let expected: Vec<_> = if daily.hours.is_some() {
            times_of_day(&daily, &zone, from, to).into_iter().collect()
        } else {
            minutes(from, to).filter(|at| daily.is_at(zone.to_datetime(*at))).collect()
        };
        prop_assert_eq!(planned, expected, "{} in {} after {}", daily.text(), name, from);
    }

    #[test]
    fn wherever_one_asks_from_the_next_is_the_same(
        daily in daily(), name in prop::sample::select(&ZONES[..]), day in 0_i64..9_000, second in 0_i64..216_000,
    ) {
        let zone = TimeZone::get(name).unwrap();
        let begin: Timestamp = "2005-01-01T00:00:00Z".parse().unwrap();
        let (from, _) = around(&zone, begin + SignedDuration::from_hours(24 * day));
        let asked = from + SignedDuration::new(second, 123_456_000);
        let recurrence = Recurrence::Cron(Cron::read(&daily.text(), date(2005, 1, 1)).unwrap());
        let plan = Plan::new(&recurrence, &zone, None);
        let walked = plan.after(from).find(|run| run.at > asked);
        prop_assert_eq!(plan.next(asked), walked);
    }

    #[test]
    fn a_planned_time_says_truly_what_a_change_did(
        daily in daily(), name in prop::sample::select(&ZONES[..]), day in 0_i64..9_000,
    ) {
        let zone = TimeZone::get(name).unwrap();
        let begin: Timestamp = "2005-01-01T00:00:00Z".parse().unwrap();
        let (from, to) = around(&zone, begin + SignedDuration::from_hours(24 * day));
        let recurrence = Recurrence::Cron(Cron::read(&daily.text(), date(2005, 1, 1)).unwrap());
        for run in Plan::new(&recurrence, &zone, None).after(from).take_while(|run| run.at <= to) {
            let ambiguous = zone.to_ambiguous_timestamp(zone.to_datetime(run.at)).is_ambiguous();
            match run.change {
                None => prop_assert!(!ambiguous && daily.is_at(zone.to_datetime(run.at))),
                Some(ClockChange::LeftOut) => prop_assert!(!ambiguous && daily.hours.is_some()),
                Some(ClockChange::FirstOfTwo) => prop_assert!(ambiguous),
                Some(ClockChange::SecondOfTwo) => prop_assert!(ambiguous && daily.hours.is_none()),
            }
        }
    }

    #[test]
    fn what_came_is_run_or_skipped_each_once(
        gaps in prop::collection::vec(1_i64..2_000, 0..200), late in 0_i64..2_000, most in 1_usize..20, policy in 0..3,
    ) {
        let policy = [CatchUp::Once, CatchUp::All, CatchUp::Skip][usize::try_from(policy).unwrap()];
        let mut at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let planned: Vec<_> = gaps.iter().map(|gap| { at += SignedDuration::from_secs(*gap); at }).collect();
        let now = at + SignedDuration::from_secs(late);
        let limits = Limits { missed_after: SignedDuration::from_secs(300), most };
        let share = policy.share(planned.iter().copied(), now, limits);
        let skipped = share.skipped.map_or(0, |skipped| usize::try_from(skipped.count).unwrap());
        prop_assert_eq!(skipped + share.run.len(), planned.len());
        prop_assert_eq!(&planned[skipped..], &share.run[..]);
        if let Some(gone) = share.skipped {
            prop_assert_eq!((gone.from, gone.until), (planned[0], planned[skipped - 1]));
        }
        let missed = |at: Timestamp| now.duration_since(at) > limits.missed_after;
        match policy {
            CatchUp::Once if planned.iter().any(|at| missed(*at)) => prop_assert_eq!(share.run.len(), 1),
            CatchUp::Skip => prop_assert!(!share.run.iter().any(|at| missed(*at))),
            _ => prop_assert_eq!(share.run.len(), planned.len().min(most)),
        }
    }
}

#[test]
fn every_minute_of_a_month_with_a_change_is_there_once() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let recurrence = Recurrence::Cron(Cron::read("* * * * *", date(2026, 1, 1)).unwrap());
    let plan = Plan::new(&recurrence, &zone, None);
    for (from, hours) in [("2026-03-01T05:00:00Z", 31 * 24 - 1), ("2026-11-01T04:00:00Z", 30 * 24 + 1)] {
        let from: Timestamp = from.parse().unwrap();
        let to = from + SignedDuration::from_hours(hours);
        assert_eq!(zone.to_datetime(to).time(), jiff::civil::Time::midnight());
        let planned: Vec<_> = plan.after(from).map(|run| run.at).take_while(|at| *at <= to).collect();
        assert_eq!(planned, minutes(from, to).collect::<Vec<_>>());
    }
}
