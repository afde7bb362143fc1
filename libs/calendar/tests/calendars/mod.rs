//! The calendars that tables and properties go by.

use gongdan_calendar::{Calendar, NATIONAL, Table};
use gongdan_region::RegionCode;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

/// A calendar, or one of its regions.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    pub calendar: Calendar,
    pub region: Option<RegionCode>,
    zone: TimeZone,
    closes: Mutex<HashMap<Date, Option<Timestamp>>>,
}

pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let tibet = include_str!("tibet.json");
        [
            ("cn", NATIONAL, None),
            ("new-york", include_str!("new-york.json"), None),
            ("lord-howe", include_str!("lord-howe.json"), None),
            ("night", include_str!("night.json"), None),
            ("apia", include_str!("apia.json"), None),
            ("kathmandu", include_str!("kathmandu.json"), None),
            ("tibet", tibet, None),
            ("tibet", tibet, Some("540000")),
            ("tibet", tibet, Some("540100")),
        ]
        .map(|(name, json, region)| {
            let calendar = Calendar::read(json, 1).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
            let zone = TimeZone::get(&calendar.document().time_zone).unwrap();
            let region = region.map(|region| RegionCode::parse(region).unwrap());
            Case { name, calendar, region, zone, closes: Mutex::default() }
        })
        .into()
    });
    &CASES
}

#[allow(dead_code, reason = "each test uses some of them")]
impl Case {
    pub fn table(&self) -> &Table {
        self.calendar.table(self.region)
    }

    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// When a date begins.
    pub fn first_instant(&self, date: Date) -> Timestamp {
        self.zone.to_timestamp(date.at(0, 0, 0, 0)).unwrap()
    }

    /// When a day's last window ends, by looking at minutes: the end of the last shift that begins on the day. None when
    /// no shift begins.
    pub fn close(&self, date: Date) -> Option<Timestamp> {
        *self.closes.lock().unwrap().entry(date).or_insert_with(|| self.look_for_close(date))
    }

    fn look_for_close(&self, date: Date) -> Option<Timestamp> {
        let table = self.table();
        let (minute, from, to) = (
            SignedDuration::from_mins(1),
            self.first_instant(date),
            self.first_instant(date.tomorrow().unwrap()),
        );
        let works = |at: Timestamp| table.works_at(at).unwrap();
        // what runs at midnight is of the day before, unless windows begin at midnight
        let is_running = works(from) && works(from - minute) && !self.begins_at_midnight();
        let mut at = from;
        while is_running && at < to && works(at) {
            at += minute;
        }
        let mut last = None;
        let mut was = false;
        while at < to {
            let is = works(at);
            if was && !is {
                last = Some(at);
            }
            (was, at) = (is, at + minute);
        }
        if was {
            if self.begins_at_midnight() {
                return Some(at);
            }
            while works(at) {
                at += minute;
            }
            last = Some(at);
        }
        last
    }

    fn begins_at_midnight(&self) -> bool {
        self.name == "lord-howe"
    }
}
