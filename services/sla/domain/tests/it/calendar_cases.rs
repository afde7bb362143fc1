//! Due times worked out by hand from the notices of the State Council's General Office on holidays.

use crate::{at, cn};
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    Amount,
    calendar::{Calendar, DayKind, OutOfRange},
};

#[test]
fn due_times_match_the_notices() {
    let cases = [
        // 国办发明电〔2025〕7号: 2026-02-15 to 23 off, Saturdays 02-14 and 02-28 worked
        ("2026-02-13T16:30", "1wd", "2026-02-14T18:00"),
        ("2026-02-13T16:30", "3wd", "2026-02-25T18:00"),
        ("2026-02-13T16:30", "6wd", "2026-02-28T18:00"),
        ("2026-02-18T08:00", "1wd", "2026-02-24T18:00"),
        // 国办发明电〔2018〕15号, 〔2019〕3号: 05-01 to 04 off, Sundays 04-28 and 05-05 worked
        ("2019-04-25T09:32:09", "15wd", "2019-05-17T18:00"),
        // 国办发明电〔2020〕1号: Spring Festival prolonged to 02-02
        ("2020-01-17T10:00", "3wd", "2020-01-21T18:00"),
        ("2020-01-22T23:59:59", "2wd", "2020-02-03T18:00"),
        // 国发明电〔2015〕1号: 09-03 to 05 off, Sunday 09-06 worked
        ("2015-09-02T12:00", "1wd", "2015-09-06T18:00"),
        // 国办发明电〔2011〕45号: 2012-09-30 to 10-07 off, Saturday 09-29 worked
        ("2012-09-28T18:00", "2wd", "2012-10-08T18:00"),
        // the day of receipt does not count, whatever the hour
        ("2026-03-02T00:00", "1wd", "2026-03-03T18:00"),
        ("2026-03-02T23:59:59", "1wd", "2026-03-03T18:00"),
        // the same time of day instead
        ("2026-02-13T16:30", "3wdt", "2026-02-25T16:30"),
        // working hours: 30 minutes on Friday, the rest on the make-up Saturday
        ("2026-02-13T17:30", "8wh", "2026-02-14T17:30"),
        ("2026-02-13T17:00", "1wh", "2026-02-13T18:00"),
        ("2026-02-13T18:00", "1wh", "2026-02-14T10:00"),
        ("2026-03-02T12:30", "1wh", "2026-03-02T14:00"),
        ("2026-03-02T11:30", "1wh", "2026-03-02T13:30"),
        ("2026-03-02T03:00", "3wh", "2026-03-02T12:00"),
        ("2026-02-14T17:59:59", "2ws", "2026-02-24T09:00:01"),
        // clock hours know no night
        ("2026-02-13T23:00", "24h", "2026-02-14T23:00"),
    ];
    let calendar = cn();
    for (start, amount, due) in cases {
        let amount: Amount = amount.parse().unwrap();
        assert_eq!(calendar.table(None).due(at(start), amount), Ok(at(due)), "{start} + {amount}");
    }
}

#[test]
fn working_time_is_counted_inside_windows_only() {
    let calendar = cn();
    let seconds =
        |from: &str, to: &str| calendar.table(None).working_between(at(from), at(to)).unwrap().as_secs();
    assert_eq!(seconds("2026-03-02T00:00", "2026-03-03T00:00"), 8 * 3_600);
    assert_eq!(seconds("2026-03-02T11:00", "2026-03-02T14:00"), 2 * 3_600);
    assert_eq!(seconds("2026-02-14T18:00", "2026-02-24T09:00"), 0);
    assert_eq!(seconds("2026-03-03T10:00", "2026-03-02T10:00"), 0, "never negative");
    // 2026 has 248 working days: 261 weekdays, 19 of them off, 6 weekend days worked
    assert_eq!(seconds("2026-01-01T00:00", "2027-01-01T00:00"), 248 * 8 * 3_600);
}

#[test]
fn years_without_holiday_data_go_by_weekday_and_are_named() {
    let calendar = cn();
    let due = calendar.table(None).due(at("2026-12-30T10:00"), "3wd".parse().unwrap()).unwrap();
    assert_eq!(due, at("2027-01-04T18:00"), "2027-01-01 is a Friday");
    assert_eq!(calendar.missing_years(at("2026-12-30T10:00"), due), [2027]);
    assert!(calendar.missing_years(at("2026-01-01T00:00"), at("2026-12-31T23:59")).is_empty());
    assert_eq!(calendar.missing_years(at("2003-12-31T00:00"), at("2004-01-01T00:00")), [2003]);
}

#[test]
fn beyond_the_years_it_reaches_a_calendar_says_so() {
    let calendar = cn();
    let table = calendar.table(None);
    let days: Amount = "10wd".parse().unwrap();
    assert_eq!(table.due(at("2149-12-30T10:00"), days), Err(OutOfRange));
    assert_eq!(table.due(at("1949-12-31T10:00"), days), Err(OutOfRange));
    assert_eq!(table.due(at("2149-12-31T10:00"), "87600h".parse().unwrap()), Err(OutOfRange));
    assert!(table.due(at("1950-01-01T00:00"), days).is_ok());
}

#[test]
fn an_explanation_names_each_day_and_adds_up() {
    let calendar = cn();
    let table = calendar.table(None);
    let (start, amount) = (at("2026-02-13T16:30"), "3wd".parse().unwrap());
    let due = table.due(start, amount).unwrap();
    let days = table.explain(start, due, amount).unwrap();
    let seen: Vec<_> =
        days.iter().map(|d| (d.from.to_string(), d.kind, d.name.as_str(), d.days, d.counted)).collect();
    assert_eq!(
        seen,
        [
            ("2026-02-13".into(), DayKind::Working, "", 1, false),
            ("2026-02-14".into(), DayKind::MakeUp, "春节", 1, true),
            ("2026-02-15".into(), DayKind::Holiday, "春节", 9, false),
            ("2026-02-24".into(), DayKind::Working, "", 2, true),
        ]
    );
    let sum: jiff::SignedDuration = days.iter().map(|day| day.working).sum();
    assert_eq!(sum, table.working_between(start, due).unwrap());
}

const OVERRIDES: &str = r#"{
    "key": "x", "name": "x", "time_zone": "Asia/Shanghai",
    "week": {"monday": ["09:00-12:00", "13:00-18:00"], "tuesday": ["09:00-12:00", "13:00-18:00"],
             "wednesday": ["09:00-12:00", "13:00-18:00"], "thursday": ["09:00-12:00", "13:00-18:00"],
             "friday": ["09:00-12:00", "13:00-18:00"]},
    "years": {"2026": {"half_days": [{"date": "2026-03-03", "name": "半天", "windows": ["09:00-12:00"]}]}},
    "regions": [
        {"region": "540000", "name": "西藏", "years": {"2026": {"days_off": [{"date": "2026-03-04", "holiday": "藏历新年"}]}}},
        {"region": "540100", "name": "拉萨", "week": {"monday": ["10:00-14:00"], "tuesday": ["10:00-14:00"], "wednesday": ["10:00-14:00"], "thursday": ["10:00-14:00"]}}
    ]
}"#;

#[test]
fn a_half_day_is_a_working_day_that_closes_early() {
    let calendar = Calendar::read(OVERRIDES, 1).unwrap();
    let table = calendar.table(None);
    assert_eq!(table.due(at("2026-03-02T10:00"), "1wd".parse().unwrap()), Ok(at("2026-03-03T12:00")));
    assert_eq!(table.due(at("2026-03-02T17:00"), "5wh".parse().unwrap()), Ok(at("2026-03-04T10:00")));
}

#[test]
fn regions_lay_their_days_on_those_of_wider_regions() {
    let calendar = Calendar::read(OVERRIDES, 1).unwrap();
    let due = |region: &str, amount: &str| {
        let region = RegionCode::parse(region).unwrap();
        calendar.table(Some(region)).due(at("2026-03-03T11:00"), amount.parse().unwrap()).unwrap()
    };
    assert_eq!(due("440106", "1wd"), at("2026-03-04T18:00"), "elsewhere Wednesday is worked");
    assert_eq!(due("540200", "1wd"), at("2026-03-05T18:00"), "the province has Wednesday off");
    assert_eq!(due("540102", "1wd"), at("2026-03-05T14:00"), "the city keeps that, with its own hours");
    assert_eq!(due("540102", "2wd"), at("2026-03-09T14:00"), "and rests on Fridays");
}

#[test]
fn a_day_with_a_clock_change_has_the_hours_it_has() {
    let always = r#"{"key": "always", "name": "always", "time_zone": "America/New_York", "week": {
        "monday": ["00:00-24:00"], "tuesday": ["00:00-24:00"], "wednesday": ["00:00-24:00"],
        "thursday": ["00:00-24:00"], "friday": ["00:00-24:00"], "saturday": ["00:00-24:00"],
        "sunday": ["00:00-24:00"]}}"#;
    let calendar = Calendar::read(always, 1).unwrap();
    let instant = |text: &str| calendar.instant(text.parse().unwrap()).unwrap();
    let hours = |from: &str, to: &str| {
        calendar.table(None).working_between(instant(from), instant(to)).unwrap().as_hours()
    };
    assert_eq!(hours("2026-03-08T00:00", "2026-03-09T00:00"), 23, "clocks go forward");
    assert_eq!(hours("2026-11-01T00:00", "2026-11-02T00:00"), 25, "clocks go back");
    assert_eq!(hours("2026-01-01T00:00", "2027-01-01T00:00"), 365 * 24);
    assert!(calendar.missing_years(instant("2026-01-01T00:00"), instant("2027-01-01T00:00")).is_empty());
}
