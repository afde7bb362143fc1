//! S10: when work recurs, as tables of cases.

use crate::{at, cn};
use gongdan_region::RegionCode;
use gongdan_sla_domain::schedule::{
    CatchUp, ClockChange, Cron, Days, Limits, Plan, Planned, Recurrence, Skipped, Working, fill_in,
};
use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};

const FROM: jiff::civil::Date = date(2026, 1, 1);

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn cron(text: &str) -> Recurrence {
    Recurrence::Cron(Cron::read(text, FROM).unwrap())
}

fn next(
    recurrence: &Recurrence,
    name: &str,
    after: &str,
    count: usize,
) -> Vec<(String, Option<ClockChange>)> {
    let zone = zone(name);
    let after = after.parse().unwrap();
    let local = |planned: Planned| {
        (planned.at.to_zoned(zone.clone()).strftime("%m-%dT%H:%M%:z").to_string(), planned.change)
    };
    Plan::new(recurrence, &zone, None).after(after).take(count).map(local).collect()
}

#[test]
fn times_of_day_that_a_change_leaves_out_are_run_once_at_the_change() {
    let left_out = ClockChange::LeftOut;
    for (text, expected) in [
        (
            "30 2 * * *",
            vec![
                ("03-07T02:30-05:00", None),
                ("03-08T03:00-04:00", Some(left_out)),
                ("03-09T02:30-04:00", None),
            ],
        ),
        // several in the gap, and one at its end, are one
        (
            "*/20 2,3 8 * *",
            vec![
                ("03-08T03:00-04:00", Some(left_out)),
                ("03-08T03:20-04:00", None),
                ("03-08T03:40-04:00", None),
            ],
        ),
        (
            "0 3 * * *",
            vec![("03-07T03:00-05:00", None), ("03-08T03:00-04:00", None), ("03-09T03:00-04:00", None)],
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(at, change)| (at.to_owned(), change)).collect();
        assert_eq!(next(&cron(text), "America/New_York", "2026-03-07T05:00:00Z", 3), expected, "{text}");
    }
}

#[test]
fn times_of_day_that_come_twice_are_run_the_first_time() {
    let first = Some(ClockChange::FirstOfTwo);
    let runs = next(&cron("30 1 * * *"), "America/New_York", "2026-10-31T04:00:00Z", 3);
    let expected = [("10-31T01:30-04:00", None), ("11-01T01:30-04:00", first), ("11-02T01:30-05:00", None)];
    assert_eq!(runs, expected.map(|(at, change)| (at.to_owned(), change)));
    // asked for from within the second hour
    let runs = next(&cron("30,45 1 * * *"), "America/New_York", "2026-11-01T06:15:00Z", 1);
    assert_eq!(runs, [("11-02T01:30-05:00".to_owned(), None)]);
    // half an hour on Lord Howe
    let runs = next(&cron("45 1 * * *"), "Australia/Lord_Howe", "2026-04-04T13:00:00Z", 2);
    assert_eq!(runs, [("04-05T01:45+11:00".to_owned(), first), ("04-06T01:45+10:30".to_owned(), None)]);
}

#[test]
fn an_hour_of_any_counts_the_hours_that_pass() {
    let texts = |name: &str, text: &str, after: &str, count| -> Vec<String> {
        next(&cron(text), name, after, count).into_iter().map(|(at, _)| at).collect()
    };
    assert_eq!(
        texts("America/New_York", "0 * * * *", "2026-11-01T04:30:00Z", 4),
        ["11-01T01:00-04:00", "11-01T01:00-05:00", "11-01T02:00-05:00", "11-01T03:00-05:00"]
    );
    assert_eq!(
        texts("America/New_York", "0 * * * *", "2026-03-08T05:30:00Z", 3),
        ["03-08T01:00-05:00", "03-08T03:00-04:00", "03-08T04:00-04:00"]
    );
    assert_eq!(
        texts("Australia/Lord_Howe", "*/30 * * * *", "2026-04-04T14:00:00Z", 4),
        ["04-05T01:30+11:00", "04-05T01:30+10:30", "04-05T02:00+10:30", "04-05T02:30+10:30"]
    );
    let second = next(&cron("0 * * * *"), "America/New_York", "2026-11-01T05:30:00Z", 1);
    assert_eq!(second[0].1, Some(ClockChange::SecondOfTwo));
}

#[test]
fn midnights_month_ends_and_leap_days() {
    let dates = |text: &str, after: &str, count| -> Vec<String> {
        let zone = zone("Asia/Shanghai");
        let recurrence = cron(text);
        let plan = Plan::new(&recurrence, &zone, None);
        let runs = plan.after(at(after)).take(count);
        runs.map(|run| zone.to_datetime(run.at).strftime("%Y-%m-%dT%H:%M").to_string()).collect()
    };
    assert_eq!(dates("0 0 * * *", "2026-12-31T00:00", 2), ["2027-01-01T00:00", "2027-01-02T00:00"]);
    assert_eq!(
        dates("0 0 L * *", "2028-01-31T00:00", 3),
        ["2028-02-29T00:00", "2028-03-31T00:00", "2028-04-30T00:00"]
    );
    assert_eq!(
        dates("0 9 31 * *", "2026-01-31T09:00", 3),
        ["2026-03-31T09:00", "2026-05-31T09:00", "2026-07-31T09:00"]
    );
    assert_eq!(dates("0 9 29 2 *", "2026-01-01T00:00", 2), ["2028-02-29T09:00", "2032-02-29T09:00"]);
    assert_eq!(dates("0 9 29 2 *", "2096-03-01T00:00", 1), ["2104-02-29T09:00"]);
    // the second Monday, the last Friday, the working weekday nearest to the 15th
    assert_eq!(dates("0 9 * * MON#2", "2026-11-01T00:00", 1), ["2026-11-09T09:00"]);
    assert_eq!(dates("0 9 * * FRI#L", "2026-11-01T00:00", 1), ["2026-11-27T09:00"]);
    assert_eq!(dates("0 9 15W * *", "2026-11-01T00:00", 1), ["2026-11-16T09:00"]);
    // of day of month and day of week one suffices, unless it says otherwise
    assert_eq!(dates("0 9 13 * FRI", "2026-11-07T00:00", 2), ["2026-11-13T09:00", "2026-11-20T09:00"]);
    assert_eq!(dates("0 9 13 * +FRI", "2026-11-14T00:00", 1), ["2027-08-13T09:00"]);
    assert_eq!(dates("59 23 * * 7", "2026-11-30T00:00", 1), ["2026-12-06T23:59"]);
}

#[test]
fn a_fault_of_an_expression_has_its_position_and_its_rule() {
    for (text, position, rule) in [
        ("0 9 * *", 8, "five fields"),
        ("", 1, "five fields"),
        ("0 0 9 * * *", 11, "five fields"),
        ("@daily", 7, "five fields"),
        ("60 9 * * *", 1, "minute: 0 to 59"),
        ("0  24 * * *", 4, "hour: 0 to 23"),
        ("0 9 1,15,32 * *", 10, "day of month: 1 to 31"),
        ("0 9 * 13 *", 7, "month: 1 to 12"),
        ("0 9 * * MOO", 9, "day of week: 0 to 7"),
        ("0 9 零 * *", 5, "day of month"),
        ("0 9 30 2 *", 5, "never fires"),
        ("0 9 31 4,6,9,11 *", 5, "never fires"),
        ("0 9 1-7 2 +MON#5", 5, "never fires"),
    ] {
        let faults = Cron::read(text, FROM).unwrap_err();
        assert_eq!((faults.len(), faults[0].position), (1, position), "{text}: {faults:?}");
        assert!(faults[0].rule.contains(rule), "{text}: {faults:?}");
    }
    let positions: Vec<_> =
        Cron::read("60 24 * 13 *", FROM).unwrap_err().into_iter().map(|fault| fault.position).collect();
    assert_eq!(positions, [1, 4, 9]);
}

fn working(days: Days, months: &[i8], times: &[&str]) -> Recurrence {
    let working = Working {
        calendar: "cn".into(),
        region: None,
        days,
        months: months.to_vec(),
        times: times.iter().map(|time| time.parse().unwrap()).collect(),
    };
    Recurrence::Working(working.checked().unwrap())
}

#[test]
fn working_days_go_by_the_calendar() {
    let calendar = cn();
    let zone = zone("Asia/Shanghai");
    let dates = |recurrence: &Recurrence, after: &str, count| -> Vec<String> {
        let plan = Plan::new(recurrence, &zone, Some(calendar.table(None)));
        let runs = plan.after(at(after)).take(count);
        runs.map(|run| zone.to_datetime(run.at).strftime("%Y-%m-%dT%H:%M").to_string()).collect()
    };
    // 2026: 1 to 7 October off, Saturday the 10th and Sunday 20 September worked
    let every = working(Days::Every, &[], &["09:00", "14:00"]);
    assert_eq!(dates(&every, "2026-09-19T00:00", 2), ["2026-09-20T09:00", "2026-09-20T14:00"]);
    assert_eq!(
        dates(&every, "2026-09-30T09:00", 5),
        ["2026-09-30T14:00", "2026-10-08T09:00", "2026-10-08T14:00", "2026-10-09T09:00", "2026-10-09T14:00"]
    );
    assert_eq!(
        dates(&working(Days::OfMonth(1), &[], &["09:00"]), "2026-09-30T00:00", 3),
        ["2026-10-08T09:00", "2026-11-02T09:00", "2026-12-01T09:00"]
    );
    // the last of October is Friday the 30th; two working days before it is Wednesday
    assert_eq!(
        dates(&working(Days::BeforeMonthEnd(0), &[], &["17:00"]), "2026-10-01T00:00", 2),
        ["2026-10-30T17:00", "2026-11-30T17:00"]
    );
    assert_eq!(
        dates(&working(Days::BeforeMonthEnd(2), &[10], &["17:00"]), "2026-10-01T00:00", 1),
        ["2026-10-28T17:00"]
    );
    // February 2026 has 16 working days: the 20th is the next month's
    assert_eq!(
        dates(&working(Days::OfMonth(20), &[], &["09:00"]), "2026-02-01T00:00", 1),
        ["2026-03-27T09:00"]
    );
    // quarters
    assert_eq!(
        dates(&working(Days::OfMonth(1), &[1, 4, 7, 10], &["08:30"]), "2026-01-01T00:00", 3),
        ["2026-01-04T08:30", "2026-04-01T08:30", "2026-07-01T08:30"]
    );
    // the first working day of the week of the October holiday is Thursday the 8th; the week after, Monday
    assert_eq!(
        dates(&working(Days::OfWeek(1), &[], &["09:00"]), "2026-10-05T00:00", 2),
        ["2026-10-08T09:00", "2026-10-12T09:00"]
    );
    // the 31st working day of a month, and a seventh of a week, never come
    for days in [Days::OfMonth(31), Days::OfWeek(8 - 1), Days::BeforeMonthEnd(30)] {
        assert!(dates(&working(days, &[], &["09:00"]), "2026-01-01T00:00", 1).is_empty(), "{days:?}");
    }
}

#[test]
fn working_days_and_times_may_be_of_different_zones() {
    let calendar = cn();
    let paris = zone("Europe/Paris");
    let recurrence = working(Days::Every, &[], &["02:30"]);
    let plan = Plan::new(&recurrence, &paris, Some(calendar.table(RegionCode::parse("440106").ok())));
    // Saturday 28 March is off; Sunday's 02:30 is left out but Sunday is off as well
    let runs: Vec<_> = plan.after("2026-03-26T12:00:00Z".parse().unwrap()).take(2).collect();
    let texts: Vec<_> = runs.iter().map(|run| run.at.to_string()).collect();
    assert_eq!(texts, ["2026-03-27T01:30:00Z", "2026-03-30T00:30:00Z"]);
}

#[test]
fn faults_of_a_working_recurrence_are_told_with_their_fields() {
    let bad = Working {
        calendar: "CN".into(),
        region: None,
        days: Days::OfMonth(0),
        months: vec![4, 4, 13],
        times: vec!["14:00".parse().unwrap(), "09:00".parse().unwrap()],
    };
    let fields: Vec<_> = bad.checked().unwrap_err().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["calendar", "day_of_month", "months[1]", "months[2]", "times[1]"]);
    let none = Working {
        calendar: "cn".into(),
        region: None,
        days: Days::Every,
        months: Vec::new(),
        times: Vec::new(),
    };
    assert_eq!(none.checked().unwrap_err()[0].field, "times");
}

#[test]
fn what_was_missed_is_made_up_for_as_the_schedule_says() {
    let minute = |n: i64| -> Timestamp {
        "2026-11-30T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(n)
    };
    let limits = Limits { missed_after: SignedDuration::from_mins(5), most: 3 };
    // planned every ten minutes from 0 on; how late it is looked, what is skipped (from, until, count), what is run
    for (policy, planned, now, skipped, run) in [
        (CatchUp::Once, vec![0], 0, None, vec![0]),
        (CatchUp::All, vec![0], 5, None, vec![0]),
        (CatchUp::Skip, vec![0], 5, None, vec![0]),
        (CatchUp::Once, vec![0], 6, None, vec![0]),
        (CatchUp::All, vec![0], 6, None, vec![0]),
        (CatchUp::Skip, vec![0], 6, Some((0, 0, 1)), vec![]),
        (CatchUp::Once, vec![0, 10], 12, Some((0, 0, 1)), vec![10]),
        (CatchUp::All, vec![0, 10], 12, None, vec![0, 10]),
        (CatchUp::Skip, vec![0, 10], 12, Some((0, 0, 1)), vec![10]),
        (CatchUp::Once, vec![0, 10, 20, 30], 39, Some((0, 20, 3)), vec![30]),
        (CatchUp::All, vec![0, 10, 20, 30], 39, Some((0, 0, 1)), vec![10, 20, 30]),
        (CatchUp::Skip, vec![0, 10, 20, 30], 39, Some((0, 30, 4)), vec![]),
        (CatchUp::All, vec![0, 10, 20, 30, 40], 40, Some((0, 10, 2)), vec![20, 30, 40]),
        // two that are a little late are both run
        (CatchUp::Once, vec![8, 10], 12, None, vec![8, 10]),
        (CatchUp::Once, vec![], 12, None, vec![]),
    ] {
        let share = policy.share(planned.iter().map(|n| minute(*n)), minute(now), limits);
        let expected =
            skipped.map(|(from, until, count)| Skipped { from: minute(from), until: minute(until), count });
        assert_eq!(share.skipped, expected, "{policy:?} {planned:?} at {now}");
        assert_eq!(
            share.run,
            run.into_iter().map(minute).collect::<Vec<_>>(),
            "{policy:?} {planned:?} at {now}"
        );
    }
}

#[test]
fn texts_say_the_planned_time() {
    let planned = at("2026-11-30T09:00").to_zoned(zone("Asia/Shanghai"));
    assert_eq!(fill_in("{date} {month} {time} {who}", &planned), "2026-11-30 2026-11 09:00 {who}");
}
