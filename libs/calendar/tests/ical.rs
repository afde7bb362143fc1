//! Calendars from iCalendar files. Source: S1, RFC 5545.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gongdan_calendar::{Calendar, Document, NATIONAL, ical};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The national calendar without what it knows of years.
fn week() -> Value {
    static WEEK: LazyLock<Value> = LazyLock::new(|| {
        let mut base: Value = serde_json::from_str(NATIONAL).unwrap();
        base["years"] = json!({});
        base
    });
    WEEK.clone()
}

fn file(events: &[&str]) -> String {
    let events: String = events
        .iter()
        .map(|event| format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", event.replace('\n', "\r\n")))
        .collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//ZH\r\n{events}END:VCALENDAR\r\n")
}

fn faults(file: &str) -> Vec<String> {
    ical::lay(file, &week(), "x")
        .unwrap_err()
        .into_iter()
        .map(|f| format!("{}: {}", f.field, f.rule))
        .collect()
}

/// One year of a calendar's days, from a file laid on a bare week.
fn year(events: &[&str], year: &str) -> Value {
    ical::lay(&file(events), &week(), "x").unwrap()["years"][year].clone()
}

#[test]
fn every_year_of_the_national_calendar_comes_through_a_file_as_it_is() {
    let national: Value = serde_json::from_str(NATIONAL).unwrap();
    let mut events = Vec::new();
    for (_, year) in national["years"].as_object().unwrap() {
        for (list, name, mark) in
            [("days_off", "holiday", "WORK-HOLIDAY"), ("make_up_workdays", "for", "ALTERNATE-WORKDAY")]
        {
            for day in year[list].as_array().into_iter().flatten() {
                let date = day["date"].as_str().unwrap().replace('-', "");
                let sign = if list == "days_off" { "休" } else { "班" };
                let name = day[name].as_str().unwrap();
                events.push(format!("DTSTART;VALUE=DATE:{date}\nSUMMARY;LANGUAGE=zh_CN:{name}（{sign}）\nX-APPLE-SPECIAL-DAY:{mark}"));
            }
        }
    }
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let mut laid = ical::lay(&file(&events), &week(), "cn").unwrap();
    for (year, lists) in laid["years"].as_object_mut().unwrap() {
        // what a file has no word for
        let own = national["years"][year].as_object().unwrap();
        for (list, value) in own.iter().filter(|(_, value)| value.as_array().is_some_and(Vec::is_empty)) {
            lists[list] = value.clone();
        }
    }
    assert_eq!(laid, national);
    Calendar::read(&laid.to_string(), 1).unwrap();
}

#[test]
fn the_next_year_is_laid_on_a_calendar_that_is_there() {
    let national: Value = serde_json::from_str(NATIONAL).unwrap();
    let text = file(&[
        "DTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270104\nSUMMARY:元旦",
        "DTSTART;VALUE=DATE:20261231\nSUMMARY:元旦 补班",
        "DTSTART;VALUE=DATE:20270206\nDURATION:P1W\nSUMMARY:春节\\, 放假",
    ]);
    let laid = ical::lay(&text, &national, "cn").unwrap();
    assert_eq!(laid["name"], national["name"]);
    let off: Vec<_> = laid["years"]["2027"]["days_off"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["date"].as_str().unwrap())
        .collect();
    assert_eq!(off[..4], ["2027-01-01", "2027-01-02", "2027-01-03", "2027-02-06"]);
    assert_eq!((off.len(), off[9]), (10, "2027-02-12"));
    assert_eq!(laid["years"]["2027"]["days_off"][3]["holiday"], "春节, 放假");
    let old = national["years"]["2026"]["make_up_workdays"].as_array().unwrap().len();
    assert_eq!(laid["years"]["2026"]["make_up_workdays"][old], json!({"date": "2026-12-31", "for": "元旦"}));
    assert_eq!(
        laid["years"]["2026"]["days_off"], national["years"]["2026"]["days_off"],
        "the base's other days stay"
    );
    assert_eq!(ical::lay(&text, &laid, "cn").unwrap(), laid, "a second time changes nothing");
}

#[test]
fn a_date_of_the_base_becomes_what_the_file_says() {
    let mut base = week();
    base["years"] = json!({"2026": {
        "days_off": [{"date": "2026-05-01", "holiday": "a"}],
        "half_days": [{"date": "2026-05-04", "name": "b", "windows": ["09:00-12:00"]}]}});
    let text =
        file(&["DTSTART:20260501\nCATEGORIES:Make-up workday\nSUMMARY:c", "DTSTART:20260504\nSUMMARY:d"]);
    let laid = ical::lay(&text, &base, "x").unwrap();
    assert_eq!(
        laid["years"]["2026"],
        json!({"days_off": [{"date": "2026-05-04", "holiday": "d"}], "half_days": [],
               "make_up_workdays": [{"date": "2026-05-01", "for": "c"}]})
    );
}

#[test]
fn what_an_event_means_is_told_by_marks_of_many_makers() {
    let cases = [
        ("SUMMARY:春节（休）", "days_off", "春节"),
        ("SUMMARY:春节（班）", "make_up_workdays", "春节"),
        ("SUMMARY:国庆节 调休上班", "make_up_workdays", "国庆节"),
        ("SUMMARY:国庆节补班", "make_up_workdays", "国庆节"),
        ("SUMMARY:Make-up Workday for Spring Festival", "make_up_workdays", "for Spring Festival"),
        ("SUMMARY:Early May bank holiday", "days_off", "Early May bank holiday"),
        ("SUMMARY:x\nCATEGORIES:Office,补班", "make_up_workdays", "x"),
        ("SUMMARY:春节补班\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY", "days_off", "春节"),
        ("X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY", "make_up_workdays", ""),
        ("SUMMARY:x\nBEGIN:VALARM\nSUMMARY:补班\nDTSTART:x\nEND:VALARM", "days_off", "x"),
    ];
    for (lines, list, name) in cases {
        let year = year(&[&format!("DTSTART;VALUE=DATE:20260506\n{lines}")], "2026");
        let entry = &year[list][0];
        assert_eq!(entry["date"], "2026-05-06", "{lines}: {year}");
        assert_eq!(entry["holiday"].as_str().or(entry["for"].as_str()), Some(name), "{lines}");
    }
}

#[test]
fn a_file_gives_its_name_and_cancelled_events_nothing() {
    let text = file(&["DTSTART:20260506\nSTATUS:CANCELLED\nRRULE:x", "DTSTART:20260507T000000\nDTEND:20260508T000000"])
        .replace("PRODID", "X-WR-CALNAME:Bank holidays\r\nPRODID")
        .replace("END:VCALENDAR", "BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:x\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR");
    let laid = ical::lay(&text, &week(), "x").unwrap();
    assert_eq!(
        (&laid["key"], &laid["name"], &laid["time_zone"]),
        (&json!("x"), &json!("Bank holidays"), &json!("Asia/Shanghai"))
    );
    assert_eq!(laid["years"], json!({"2026": {"days_off": [{"date": "2026-05-07", "holiday": ""}]}}));
}

#[test]
fn a_broken_file_is_refused_with_line_and_rule() {
    const ANY: &str = "DTSTART:20260506";
    let one = |lines: &str| file(&[lines]);
    // the event's properties begin on line 5
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "$: an iCalendar file with at least one event"),
        (file(&[]), "$: an iCalendar file with at least one event"),
        ("{\"key\": \"x\"}".into(), "$:1: a line is NAME:VALUE"),
        (one("DTSTART:20260506\n<b>"), "$:6: a line is NAME:VALUE"),
        (ANY.into(), "$:1: a file begins with BEGIN:VCALENDAR"),
        (format!("BEGIN:VEVENT\n{ANY}\nEND:VEVENT"), "$:1: BEGIN:VCALENDAR begins a calendar"),
        (one(ANY).replace("VERSION:2.0", "VERSION:1.0"), "$:1: a calendar has VERSION:2.0"),
        (one(ANY).replace("END:VEVENT\r\n", ""), "$:6: END:VEVENT, which began on line 4"),
        (one(ANY).replace("END:VCALENDAR\r\n", ""), "$:1: BEGIN:VCALENDAR without END"),
        (one(ANY) + "END:VCALENDAR", "$:8: END without BEGIN"),
        (one("SUMMARY:x"), "$:4: an event has DTSTART"),
        (one("DTSTART:20260506\nDTSTART:20260507"), "$:6: DTSTART stands once"),
        (one("DTSTART:20260230"), "$:5: DTSTART is a whole day"),
        (one("DTSTART:2026-05-06"), "$:5: DTSTART is a whole day"),
        (one("DTSTART;TZID=Asia/Shanghai:20260506T090000"), "$:5: DTSTART is a whole day"),
        (one("DTSTART;VALUE=PERIOD:20260506"), "$:5: DTSTART is a whole day"),
        (one("DTSTART:20260506T000000Z"), "$:5: DTSTART is a whole day"),
        (one("DTSTART:20260506\nDTEND:20260506"), "$:6: DTEND is the day after the last"),
        (one("DTSTART:20260506\nDTEND:20280506"), "$:6: an event of at most 366 days"),
        (one("DTSTART:20260506\nDURATION:PT24H"), "$:6: DURATION of whole days"),
        (one("DTSTART:20260506\nDTEND:20260507\nDURATION:P1D"), "$:7: DTEND or DURATION"),
        (one("DTSTART:20260506\nRRULE:FREQ=YEARLY"), "$:6: RRULE is not read"),
        (one("DTSTART:20260506\nRDATE:20260507"), "$:6: RDATE is not read"),
        (one("DTSTART:19490506"), "$:5: a year from 1950 to 2149"),
        (one("DTSTART:20260506\nX-APPLE-SPECIAL-DAY:PARTY"), "$:6: X-APPLE-SPECIAL-DAY is"),
        (one(&format!("DTSTART:20260506\nSUMMARY:{}", "春".repeat(101))), "$:6: SUMMARY of at most 100"),
        (
            file(&[ANY, "DTSTART:20260505\nDTEND:20260508\nSUMMARY:补班"]),
            "$:8: 2026-05-06 is off by line 5: off or worked",
        ),
        (file(&[ANY, "DTSTART:20261231\nDTEND:20270103"]), "$:8: 2027 is known by its turn alone"),
    ];
    for (text, expected) in cases {
        let found = faults(&text);
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{expected}: {found:?}\n{text}");
    }
}

#[test]
fn what_the_days_do_to_the_week_is_told_with_the_line() {
    let mut base = week();
    base["week"]["wednesday"] = json!(["22:00-06:00"]);
    base["week"]["thursday"] = json!(["08:00-12:00"]);
    base["make_up_windows"] = json!(["05:00-12:00"]);
    let text = file(&["DTSTART:20260506", "DTSTART:20260514\nSUMMARY:补班"]);
    let found = ical::lay(&text, &base, "x").unwrap_err();
    assert_eq!((found[0].field.as_str(), found.len()), ("$:8", 1), "{found:?}");
    assert_eq!(found[0].rule, "the windows of 2026-05-13 and 2026-05-14 do not overlap");
    let found = ical::lay(&file(&["DTSTART:20260506"]), &week(), "C N").unwrap_err();
    assert_eq!(found[0].field, "key");
}

#[test]
fn of_very_many_faults_the_first_are_told() {
    let found = faults(&"?\n".repeat(10_000));
    assert_eq!((found.len(), found[50].as_str()), (51, "$: and 9950 more faults"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "[A-Z:;=,\"\\\\\r\n \t0-9春\u{0}]{0,200}") {
        let _ = ical::lay(&text, &week(), "x");
    }

    #[test]
    fn a_file_that_lost_a_piece_is_a_calendar_or_refused(from in 0_usize..400, length in 1_usize..40) {
        let text = file(&["DTSTART;VALUE=DATE:20260506\nDTEND:20260508\nSUMMARY:春节（休）", "DTSTART:20260510\nDURATION:P2D\nSUMMARY:补班"]);
        let letters: Vec<char> = text.chars().collect();
        let cut: String = letters.iter().enumerate().filter(|(i, _)| !(from..from + length).contains(i)).map(|(_, c)| c).collect();
        match ical::lay(&cut, &week(), "x") {
            Ok(document) => prop_assert!(Document::read(&document.to_string()).is_ok()),
            Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.rule.is_empty())),
        }
    }
}
