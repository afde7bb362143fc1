//! Due times that `cases.py` counted without this library, by walks over seconds, minutes and days. Source: S1, S2, S4.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendars;

use gongdan_calendar::{Amount, Calendar};
use gongdan_region::RegionCode;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// A row of `cases.csv`.
#[derive(Debug)]
struct Row {
    calendar: String,
    region: Option<RegionCode>,
    start: Timestamp,
    amount: Amount,
    pauses: Vec<(Timestamp, Timestamp)>,
    due: Timestamp,
    what: String,
    source: String,
}

fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(include_bytes!("cases.csv").as_slice());
    let rows = reader.deserialize::<HashMap<String, String>>();
    rows.map(|row| {
        let row = row.unwrap();
        let pause = |text: &str| {
            let (from, to) = text.split_once('/').unwrap();
            (from.parse().unwrap(), to.parse().unwrap())
        };
        Row {
            calendar: row["calendar"].clone(),
            region: Some(row["region"].as_str())
                .filter(|r| !r.is_empty())
                .map(|r| RegionCode::parse(r).unwrap()),
            start: row["start"].parse().unwrap(),
            amount: row["amount"].parse().unwrap(),
            pauses: row["pauses"].split_whitespace().map(pause).collect(),
            due: row["due"].parse().unwrap(),
            what: row["what"].clone(),
            source: row["source"].clone(),
        }
    })
    .collect()
}

#[test]
fn every_due_time_is_what_the_walk_found() {
    let calendars: BTreeMap<&str, &Calendar> =
        calendars::cases().iter().map(|case| (case.name, &case.calendar)).collect();
    let mut wrong = Vec::new();
    for row in rows() {
        let table = calendars[row.calendar.as_str()].table(row.region);
        let mut due = table.due(row.start, row.amount).unwrap();
        if row.pauses.is_empty()
            && let Amount::Working { seconds } = row.amount
        {
            let worked = table.working_between(row.start, row.due).unwrap();
            assert_eq!(worked.as_secs(), i64::from(seconds), "{row:?}");
        }
        for pause in &row.pauses {
            due = table.after_pause(due, row.amount, row.start, *pause).unwrap();
        }
        if due != row.due {
            wrong.push(format!("{due} instead of {}: {row:?}", row.due));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_reaches_what_it_is_for() {
    let rows = rows();
    assert!(rows.len() >= 200, "{}", rows.len());
    for case in calendars::cases() {
        assert!(rows.iter().any(|row| row.calendar == case.name && row.region == case.region), "{case:?}");
    }
    for year in 2008..=2026 {
        let notice = format!("〔{}〕", year - 1);
        let cited = rows.iter().filter(|row| row.calendar == "cn" && row.source.contains(&notice)).count();
        assert!(cited >= 5, "{year}: {cited}");
    }
    assert!(rows.iter().all(|row| !row.source.is_empty() && !row.what.is_empty()));
    assert!(rows.iter().filter(|row| !row.pauses.is_empty()).count() >= 15);
}
