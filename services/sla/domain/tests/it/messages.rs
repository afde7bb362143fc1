//! The calendar against real receipts and replies, where the data is at hand beside the checkout.

use crate::{CN, at, cn};
use gongdan_sla_domain::Amount;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{collections::HashSet, path::Path};

/// Days of the document by a walk of its own, without the calendar.
struct Naive {
    off: HashSet<Date>,
    make_up: HashSet<Date>,
}

impl Naive {
    fn read() -> Self {
        let document: serde_json::Value = serde_json::from_str(CN).unwrap();
        let dates = |list: &str| -> HashSet<Date> {
            let years = document["years"].as_object().unwrap().values();
            years
                .flat_map(|year| year[list].as_array().unwrap())
                .map(|day| day["date"].as_str().unwrap().parse().unwrap())
                .collect()
        };
        Self { off: dates("days_off"), make_up: dates("make_up_workdays") }
    }

    fn works(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        self.make_up.contains(&day) || !weekend && !self.off.contains(&day)
    }

    fn due(&self, received: Timestamp, days: usize) -> Timestamp {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let mut day = received.to_zoned(zone.clone()).date();
        let mut left = days;
        while left > 0 {
            day = day.tomorrow().unwrap();
            left -= usize::from(self.works(day));
        }
        zone.to_timestamp(day.at(18, 0, 0, 0)).unwrap()
    }
}

#[test]
fn every_start_of_three_years_is_due_when_a_walk_day_by_day_says() {
    let (calendar, naive) = (cn(), Naive::read());
    let mut start = at("2018-12-20T07:13");
    while start < at("2022-01-10T00:00") {
        for days in [1, 2, 7, 15, 40] {
            let due = calendar.table(None).due(start, Amount::working_days(days).unwrap()).unwrap();
            assert_eq!(due, naive.due(start, usize::try_from(days).unwrap()), "{start} + {days}");
        }
        start += jiff::SignedDuration::from_hours(19);
    }
}

#[test]
fn replies_are_on_time_as_often_as_a_walk_day_by_day_says() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/messages-with-replies.csv");
    let Ok(mut reader) = csv::Reader::from_path(&file) else {
        eprintln!("skipped: {} is not there", file.display());
        return;
    };
    let (calendar, naive) = (cn(), Naive::read());
    let amount = Amount::working_days(15).unwrap();
    let (mut total, mut by_calendar, mut by_walk) = (0, 0, 0);
    for row in reader.deserialize::<std::collections::HashMap<String, String>>() {
        let row = row.unwrap();
        let received: Timestamp = row["received_at"].parse().unwrap();
        let replied: Timestamp = row["replied_at"].parse().unwrap();
        total += 1;
        by_calendar += u32::from(replied <= calendar.table(None).due(received, amount).unwrap());
        by_walk += u32::from(replied <= naive.due(received, 15));
    }
    assert!(total > 0);
    assert_eq!(by_calendar, by_walk, "of {total}");
}
