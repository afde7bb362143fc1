//! Calendars that cannot work are refused with path and rule. Source: S1.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gongdan_calendar::{Amount, Calendar, Document};
use gongdan_region::RegionCode;
use jiff::Timestamp;

const WEEK: &str = r#""monday": ["09:00-12:00"], "wednesday": ["22:00-06:00"], "friday": ["09:00-12:00"]"#;

/// A calendar of this week, with `more` beside it.
fn read(week: &str, more: &str) -> Result<Calendar, Vec<String>> {
    let json =
        format!(r#"{{"key": "x", "name": "x", "time_zone": "Asia/Shanghai", "week": {{{week}}}{more}}}"#);
    Calendar::read(&json, 1)
        .map_err(|faults| faults.into_iter().map(|f| format!("{}: {}", f.field, f.rule)).collect())
}

fn faults(week: &str, more: &str) -> Vec<String> {
    read(week, more).map(|_| Vec::new()).unwrap_or_else(|faults| faults)
}

/// Every day of a year, as days off.
fn off(year: i16) -> String {
    let first = jiff::civil::date(year, 1, 1);
    let days: Vec<_> = first
        .series(jiff::ToSpan::days(1))
        .take_while(|date| date.year() == year)
        .map(|date| format!(r#"{{"date": "{date}"}}"#))
        .collect();
    format!(r#""{year}": {{"days_off": [{}]}}"#, days.join(","))
}

#[test]
fn a_shift_over_midnight_must_not_run_into_the_next_day() {
    const RULE: &str = "begins before the window of the day before ends";
    assert_eq!(
        faults(r#""monday": ["22:00-06:00"], "tuesday": ["05:30-12:00"], "sunday": ["20:00-09:00"]"#, ""),
        [format!("week.tuesday[0]: {RULE}")],
        "Monday has nothing before 22:00"
    );
    assert_eq!(
        faults(r#""sunday": ["20:00-09:00"], "monday": ["08:59-12:00"]"#, ""),
        [format!("week.monday[0]: {RULE}")],
        "the week goes round"
    );
    assert!(
        faults(r#""monday": ["22:00-06:00"], "tuesday": ["06:00-12:00"]"#, "").is_empty(),
        "they may touch"
    );
}

#[test]
fn days_of_their_own_must_not_overlap_their_neighbours() {
    let years = |days: &str| format!(r#", "years": {{"2026": {{{days}}}}}"#);
    // 2026-03-04 is a Wednesday, whose shift runs until Thursday 06:00
    let half = |windows: &str, date: &str| {
        years(&format!(r#""half_days": [{{"date": "{date}", "windows": [{windows}]}}]"#))
    };
    assert_eq!(
        faults(WEEK, &half(r#""05:00-05:30", "07:00-08:00""#, "2026-03-05")),
        ["years.2026.half_days[0].windows[0]: the windows of 2026-03-04 and 2026-03-05 do not overlap"]
    );
    assert_eq!(
        faults(WEEK, &half(r#""08:00-09:00", "23:00-10:00""#, "2026-03-05")),
        ["years.2026.half_days[0].windows[1]: the windows of 2026-03-05 and 2026-03-06 do not overlap"]
    );
    assert_eq!(
        faults(
            WEEK,
            &format!(
                r#"{}, "make_up_windows": ["00:00-08:00"]"#,
                years(r#""make_up_workdays": [{"date": "2026-03-05"}]"#)
            )
        ),
        ["years.2026.make_up_workdays[0].date: the windows of 2026-03-04 and 2026-03-05 do not overlap"]
    );
    assert!(faults(WEEK, &half(r#""06:00-08:00", "23:00-09:00""#, "2026-03-05")).is_empty());
    // a region's week against the national half day: once, where the region is
    let region = r#"{"region": "440000", "week": {"monday": ["09:00-12:00"], "thursday": ["09:00-10:00"], "tuesday": ["23:00-09:00"]}}"#;
    assert_eq!(
        faults(WEEK, &format!(r#"{}, "regions": [{region}]"#, half(r#""08:30-09:00""#, "2026-03-04"))),
        ["regions[0].week: the windows of 2026-03-03 and 2026-03-04 do not overlap"]
    );
}

#[test]
fn a_calendar_without_working_time_ahead_is_refused() {
    const WEEKDAY: &str = "at least one weekday has windows";
    assert_eq!(faults("", ""), [format!("week: {WEEKDAY}")]);
    assert_eq!(faults(r#""monday": []"#, ""), [format!("week: {WEEKDAY}")]);
    let region =
        |inner: &str| format!(r#", "regions": [{{"region": "440000"}}, {{"region": "540000", {inner}}}]"#);
    assert_eq!(faults(WEEK, &region(r#""week": {"monday": []}"#)), [format!("regions[1].week: {WEEKDAY}")]);
    assert_eq!(faults(WEEK, r#", "make_up_windows": []"#).len(), 1);
    assert!(faults(WEEK, &region(r#""make_up_windows": []"#))[0].starts_with("regions[1].make_up_windows: "));

    // 2027-01-01 is a Friday: a whole year of rest is just allowed
    assert!(faults(WEEK, &format!(r#", "years": {{{}}}"#, off(2026))).is_empty());
    let two_years = format!("{}, {}", off(2026), off(2027));
    let found = faults(WEEK, &format!(r#", "years": {{{two_years}}}"#));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("years.2026: no working time from 2026-01-01 to 2027-01-0"), "{found:?}");
    let found = faults(WEEK, &region(&format!(r#""years": {{{two_years}}}"#)));
    assert!(found[0].starts_with("regions[1].years.2026: no working time from"), "{found:?}");
}

#[test]
fn a_window_that_a_clock_change_skips_is_not_worked() {
    let json = r#"{"key": "x", "name": "x", "time_zone": "America/New_York", "week": {
        "sunday": ["02:00-02:30", "03:00-03:30"], "monday": ["09:00-10:00"]}}"#;
    let calendar = Calendar::read(json, 1).unwrap();
    let table = calendar.table(None);
    let instant = |text: &str| text.parse::<Timestamp>().unwrap();
    let between = |from: &str, to: &str| table.working_between(instant(from), instant(to)).unwrap().as_mins();
    assert_eq!(
        between("2026-03-08T00:00-05:00", "2026-03-08T12:00-04:00"),
        30,
        "the hour from 02:00 is not there"
    );
    assert_eq!(between("2026-03-15T00:00-04:00", "2026-03-15T12:00-04:00"), 60);
    let amount: Amount = "45wm".parse().unwrap();
    assert_eq!(table.due(instant("2026-03-08T01:30-05:00"), amount), Ok(instant("2026-03-09T09:15-04:00")));
}

#[test]
fn a_night_off_stays_with_the_day_it_begins() {
    let more = r#", "years": {"2026": {"days_off": [{"date": "2026-03-05"}]}}, "regions": [{"region": "440000", "years": {"2026": {"days_off": [{"date": "2026-03-04"}]}}}]"#;
    let calendar = read(WEEK, more).unwrap();
    let instant = |local: &str| calendar.instant(local.parse().unwrap()).unwrap();
    let works = |region, local: &str| calendar.table(region).works_at(instant(local)).unwrap();
    let guangdong = Some(RegionCode::parse("440106").unwrap());
    assert!(works(None, "2026-03-05T05:59"), "Wednesday's shift ends on the day off");
    assert!(!works(None, "2026-03-05T06:00"));
    assert!(!works(guangdong, "2026-03-05T05:59"), "there Wednesday is off");
}

#[test]
fn what_was_imported_under_earlier_rules_stays_readable() {
    let json = r#"{"key": "x", "name": "x", "time_zone": "UTC", "week": {"monday": ["09:00-12:00"]}, "make_up_windows": [],
        "regions": [{"region": "440000", "week": {"monday": []}}]}"#;
    assert!(Document::read(json).is_err());
    let calendar = Calendar::of(Document::kept(json).unwrap(), 3);
    let (monday, hour) = ("2026-03-02T08:00:00Z".parse().unwrap(), "1wh".parse().unwrap());
    assert_eq!(calendar.table(None).due(monday, hour), Ok("2026-03-02T10:00:00Z".parse().unwrap()));
    let region = RegionCode::parse("440106").unwrap();
    assert!(calendar.table(Some(region)).due(monday, hour).is_err(), "out of range, not for ever");
    assert!(Document::kept("{}").is_err());
}

#[test]
fn a_calendar_tells_how_far_ahead_its_holidays_are_known() {
    let read = |years: &str| read(WEEK, years).unwrap();
    let known = |calendar: &Calendar, at: &str| calendar.document().days_known(at.parse().unwrap());
    let national = gongdan_calendar::national();
    assert_eq!(known(national, "2026-12-30T23:59:59+08:00"), Some(2));
    assert_eq!(known(national, "2026-12-31T00:00:00+08:00"), Some(1));
    assert_eq!(known(national, "2026-12-31T16:00:00Z"), Some(0), "the next year by the calendar's zone");
    assert_eq!(known(national, "2025-12-31T12:00:00+08:00"), Some(366));
    assert_eq!(known(&read(""), "2026-12-30T00:00:00Z"), None, "it keeps no holidays");
    let gap = read(r#", "years": {"2026": {}, "2028": {}}"#);
    assert_eq!(known(&gap, "2026-12-30T12:00:00+08:00"), Some(2), "not over a gap");
    assert_eq!(
        gap.document().known_until("2026-06-01T00:00:00Z".parse().unwrap()),
        "2026-12-31T16:00:00Z".parse().ok()
    );
}
