//! When a citizen may be promised a call: civil time, nowhere else in this service. Source: C3.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use std::fmt;

const MINUTES_A_DAY: u16 = 24 * 60;
/// No gap in civil time is longer than a day; a few more cost nothing.
const DAYS_TO_LOOK: i32 = 8;

/// Windows of every day in a time zone; a window ends before its last minute begins: 12:00 is outside `09:00-12:00`.
#[derive(Debug, Clone)]
pub struct PermittedHours {
    zone: TimeZone,
    /// Minutes from midnight, in order, apart from each other, at least one.
    windows: Vec<(u16, u16)>,
    text: String,
}

/// What is wrong with a configuration of hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHours {
    /// The system does not know the zone.
    #[error("unknown time zone `{0}`")]
    Zone(String),
    /// Not two times of day.
    #[error("`{0}` is no window; write it like 09:00-12:00")]
    Window(String),
    /// Windows touch or are out of order.
    #[error("`{0}` begins before the window in front of it ends")]
    Order(String),
    /// Nobody could ever be called.
    #[error("at least one window is needed")]
    Empty,
}

impl PermittedHours {
    /// From an IANA zone and windows like `09:00-12:00`, in order; the last may end at `24:00`.
    ///
    /// # Errors
    /// When the zone is unknown, a window is none, or they overlap.
    pub fn new<S: AsRef<str>>(zone: &str, windows: &[S]) -> Result<Self, InvalidHours> {
        let tz = TimeZone::get(zone).map_err(|_| InvalidHours::Zone(zone.to_owned()))?;
        let mut parsed: Vec<(u16, u16)> = Vec::with_capacity(windows.len());
        let mut text = String::new();
        for window in windows {
            let window = window.as_ref();
            let (from, to) = parse_window(window).ok_or_else(|| InvalidHours::Window(window.to_owned()))?;
            if parsed.last().is_some_and(|(_, end)| from < *end) {
                return Err(InvalidHours::Order(window.to_owned()));
            }
            parsed.push((from, to));
            text = if text.is_empty() { window.to_owned() } else { format!("{text}, {window}") };
        }
        if parsed.is_empty() {
            return Err(InvalidHours::Empty);
        }
        Ok(Self { zone: tz, windows: parsed, text: format!("{text} {zone}") })
    }

    /// Whether the instant lies in a window.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        let minute = minute_of_day(at.to_zoned(self.zone.clone()).time());
        self.windows.iter().any(|(from, to)| (*from..*to).contains(&minute))
    }

    /// The first permitted instant at or after `at`; `None` at the end of time.
    #[must_use]
    pub fn next_at_or_after(&self, at: Timestamp) -> Option<Timestamp> {
        if self.contains(at) {
            return Some(at);
        }
        let mut day = at.to_zoned(self.zone.clone()).date();
        for _ in 0..DAYS_TO_LOOK {
            for (from, _) in &self.windows {
                let (hour, minute) = (i8::try_from(from / 60).ok()?, i8::try_from(from % 60).ok()?);
                let start = day.at(hour, minute, 0, 0).to_zoned(self.zone.clone()).ok()?.timestamp();
                if start >= at && self.contains(start) {
                    return Some(start);
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
        None
    }
}

impl fmt::Display for PermittedHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn minute_of_day(time: jiff::civil::Time) -> u16 {
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0)
}

fn parse_window(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (parse_minute(from)?, parse_minute(to)?);
    (from < to).then_some((from, to))
}

fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= MINUTES_A_DAY).then_some(total)
}
