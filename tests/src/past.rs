//! Requests of the past: the real file when it lies beside the checkout, else one made here; and what a count of the
//! file by hand comes to.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A row of the file.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// Its number.
    pub message_no: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was replied to.
    pub replied_at: Timestamp,
}

/// What a month comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Month {
    /// Received in it.
    pub received: u64,
    /// Resolved in it.
    pub resolved: u64,
    /// Resolved in it, at or before the close of the 15th working day after receipt.
    pub on_time: u64,
}

/// The file with replies, in `directory` if it had to be made.
///
/// # Panics
/// When it cannot be written.
#[must_use]
pub fn messages_with_replies(directory: &Path) -> PathBuf {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/messages-with-replies.csv");
    if real.exists() {
        return real;
    }
    let made = directory.join("messages-with-replies.csv");
    let mut text = String::from("message_no,citizen,subject,received_at,body,reply,replied_at\n");
    for number in 1..=6_000_i64 {
        let received =
            Timestamp::from_second(1_388_538_000 + number * 31_337).expect("an instant of 2014 to 2020");
        let replied = Timestamp::from_second(received.as_second() + 3_600 + number * 7_919 % 3_000_000)
            .expect("an instant");
        let beijing = |at: Timestamp| {
            at.in_tz("Asia/Shanghai").expect("the zone is known").strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        };
        text.push_str(&format!(
            "{number},C{},小区路灯第{number}次不亮,{},\"路灯不亮，\"\"夜里\"\"看不见。\",已派人修复。,{}\n",
            number % 700,
            beijing(received),
            beijing(replied)
        ));
    }
    fs::write(&made, text).expect("the file is written");
    made
}

/// The rows of a file.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn rows(file: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(file).expect("the file is there");
    reader.deserialize().collect::<Result<_, _>>().expect("every row is whole")
}

/// What the rows come to, month by month of Asia/Shanghai.
///
/// # Panics
/// When a date is out of range.
#[must_use]
pub fn by_month(rows: &[Row]) -> BTreeMap<String, Month> {
    let working = WorkingDays::national();
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is known");
    let mut months: BTreeMap<String, Month> = BTreeMap::new();
    for row in rows {
        let received = row.received_at.to_zoned(zone.clone());
        let replied = row.replied_at.to_zoned(zone.clone());
        months.entry(received.strftime("%Y-%m").to_string()).or_default().received += 1;
        let month = months.entry(replied.strftime("%Y-%m").to_string()).or_default();
        month.resolved += 1;
        let due = working.nth_after(received.date(), 15).at(18, 0, 0, 0);
        month.on_time += u64::from(replied.datetime() <= due);
    }
    months
}

/// Which days are worked, counted day by day: slow, and written apart from the calendar it checks.
struct WorkingDays {
    off: BTreeSet<Date>,
    made_up: BTreeSet<Date>,
}

impl WorkingDays {
    fn national() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = ["../../shared/data/cn-holidays.json", "../libs/calendar/data/cn.json"];
        let text = files
            .iter()
            .find_map(|file| fs::read_to_string(here.join(file)).ok())
            .expect("the holidays are there");
        let whole: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let years = whole.get("years").unwrap_or(&whole);
        let dates = |key: &str| {
            let years = years.as_object().expect("years");
            let days = years.values().flat_map(|year| year[key].as_array().expect("a list of days"));
            days.map(|day| day["date"].as_str().expect("a date").parse().expect("a date")).collect()
        };
        Self { off: dates("days_off"), made_up: dates("make_up_workdays") }
    }

    fn nth_after(&self, day: Date, n: u32) -> Date {
        let (mut day, mut counted) = (day, 0);
        while counted < n {
            day = day.tomorrow().expect("a date");
            let weekday = day.weekday().to_monday_one_offset() <= 5;
            counted += u32::from(self.made_up.contains(&day) || (weekday && !self.off.contains(&day)));
        }
        day
    }
}
