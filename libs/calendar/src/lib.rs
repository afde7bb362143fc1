//! Working calendars: which instants are working time, and amounts of time counted by them. Source: S1, S2.
//!
//! Civil time exists only in here. Questions about long stretches cost O(log n): sums of working seconds and working
//! days stand ready for every day from 1950 to 2149.
//!
//! # Over midnight
//!
//! A window whose end is not after its beginning runs over midnight: `22:00-06:00`. The shift belongs to the day it
//! begins. A Friday night is worked because Friday is, though Saturday is off; a day off has no shift that begins on it,
//! but the one of the evening before runs to its end. Its close, at 06:00 of the next date, is the close of the day it
//! began. The day of receipt is the date on the wall: what comes in at 02:00 on Tuesday comes in on Tuesday, during
//! Monday's shift, and one working day from it is the close of Wednesday's.
//!
//! # Clock changes
//!
//! A time of day is the first instant of its day at which the clock on the wall shows that time or a later one: of doubled
//! times the first, of skipped ones the moment of the change. A window has the real time between its two ends, so a night
//! of eight hours has seven or nine when clocks change in it; a window that was skipped whole is not there, and a day
//! with nothing but such windows is not worked.

mod amount;
mod calendar;
mod check;
mod days;
mod document;
mod explain;
mod fault;
pub mod ical;
mod pause;
mod table;
mod window;

pub use amount::{Amount, DayEnd, InvalidAmount, MAX_SECONDS, MAX_WORKING_DAYS};
pub use calendar::Calendar;
pub use document::Document;
pub use explain::{DayKind, DaySpan};
pub use fault::{Fault, Faults, is_key};
pub use table::Table;
pub use window::{InvalidWindow, Window};

use std::sync::OnceLock;

/// The document of the national calendar that ships with the product.
pub const NATIONAL: &str = include_str!("../data/cn.json");

/// An instant outside the years that calendars reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("calendars reach from 1950 to 2149")]
pub struct OutOfRange;

/// The national calendar that ships with the product, read once.
pub fn national() -> &'static Calendar {
    static CALENDAR: OnceLock<Calendar> = OnceLock::new();
    #[allow(clippy::expect_used, reason = "a test reads the document that is built in")]
    CALENDAR.get_or_init(|| Calendar::read(NATIONAL, 1).expect("the national calendar has no faults"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_time_is_that_of_the_day_and_its_windows() {
        let table = national().table(None);
        for (local, working) in [
            // a Monday
            ("2026-11-23T08:59:59+08:00", false),
            ("2026-11-23T09:00:00+08:00", true),
            ("2026-11-23T11:59:59+08:00", true),
            ("2026-11-23T12:00:00+08:00", false),
            ("2026-11-23T18:00:00+08:00", false),
            // a Sunday, a holiday on a weekday, and a Sunday worked for it
            ("2026-11-22T10:00:00+08:00", false),
            ("2026-10-01T10:00:00+08:00", false),
            ("2026-09-20T10:00:00+08:00", true),
        ] {
            assert_eq!(table.works_at(local.parse().unwrap()), Ok(working), "{local}");
        }
        assert_eq!(table.works_at("2200-01-01T10:00:00+08:00".parse().unwrap()), Err(OutOfRange));
    }
}
