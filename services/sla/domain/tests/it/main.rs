//! Tables of cases and properties of the sla domain.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendar_cases;
mod clocks;
mod documents;
mod lifecycles;
mod messages;
mod pauses;
mod policies;
mod recalculations;
mod schedule_properties;
mod schedules;

use gongdan_sla_domain::calendar::Calendar;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

pub const CN: &str = gongdan_sla_domain::calendar::NATIONAL;

pub fn cn() -> Calendar {
    Calendar::read(CN, 1).unwrap()
}

/// An instant by the clock in Shanghai.
pub fn at(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    TimeZone::get("Asia/Shanghai").unwrap().to_timestamp(local).unwrap()
}
