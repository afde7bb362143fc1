//! An amount of time that a policy gives. Source: S2.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// The most working days an amount may have: ten years.
pub const MAX_WORKING_DAYS: u32 = 3_650;
/// The most seconds an amount may have: ten years of 365 days.
pub const MAX_SECONDS: u32 = 3_650 * 86_400;

/// How much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Amount {
    /// Working days, counted from the day after the start.
    WorkingDays {
        /// How many.
        days: u32,
        /// Where on the last one it ends.
        end: DayEnd,
    },
    /// Seconds inside working windows.
    Working {
        /// How many.
        seconds: u32,
    },
    /// Seconds on the wall.
    Elapsed {
        /// How many.
        seconds: u32,
    },
}

/// Where on its last day an amount of working days ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayEnd {
    /// At the close of the day, the way the law counts.
    Close,
    /// At the time of day it began, whatever the day's windows are.
    SameTime,
}

/// The text or number is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an amount is 1wd to 3650wd (working days; wdt: to the same time of day), or working (wh, wm, ws) or clock \
     (h, m, s) hours, minutes or seconds, more than zero and at most ten years"
)]
pub struct InvalidAmount;

impl Amount {
    /// Working days to the close of the last one.
    ///
    /// # Errors
    /// Unless 1 to 3650.
    pub fn working_days(days: i64) -> Result<Self, InvalidAmount> {
        Ok(Self::WorkingDays { days: within(days, MAX_WORKING_DAYS)?, end: DayEnd::Close })
    }

    /// Working time.
    ///
    /// # Errors
    /// Unless more than zero and at most ten years.
    pub fn working(seconds: i64) -> Result<Self, InvalidAmount> {
        Ok(Self::Working { seconds: within(seconds, MAX_SECONDS)? })
    }

    /// Clock time.
    ///
    /// # Errors
    /// Unless more than zero and at most ten years.
    pub fn elapsed(seconds: i64) -> Result<Self, InvalidAmount> {
        Ok(Self::Elapsed { seconds: within(seconds, MAX_SECONDS)? })
    }

    /// Whether holidays and windows matter to it.
    #[must_use]
    pub const fn needs_calendar(self) -> bool {
        !matches!(self, Self::Elapsed { .. })
    }
}

fn within(value: i64, most: u32) -> Result<u32, InvalidAmount> {
    u32::try_from(value).ok().filter(|value| (1..=most).contains(value)).ok_or(InvalidAmount)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, working) = match *self {
            Self::WorkingDays { days, end: DayEnd::Close } => return write!(f, "{days}wd"),
            Self::WorkingDays { days, end: DayEnd::SameTime } => return write!(f, "{days}wdt"),
            Self::Working { seconds } => (seconds, "w"),
            Self::Elapsed { seconds } => (seconds, ""),
        };
        match seconds {
            s if s % 3_600 == 0 => write!(f, "{}{working}h", s / 3_600),
            s if s % 60 == 0 => write!(f, "{}{working}m", s / 60),
            s => write!(f, "{s}{working}s"),
        }
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &text[..text.len() - unit.len()];
        if digits.is_empty() || digits.len() > 10 {
            return Err(InvalidAmount);
        }
        let value: i64 = digits.parse().map_err(|_| InvalidAmount)?;
        match unit {
            "wd" => Self::working_days(value),
            "wdt" => Ok(Self::WorkingDays { days: within(value, MAX_WORKING_DAYS)?, end: DayEnd::SameTime }),
            "wh" => Self::working(value * 3_600),
            "wm" => Self::working(value * 60),
            "ws" => Self::working(value),
            "h" => Self::elapsed(value * 3_600),
            "m" => Self::elapsed(value * 60),
            "s" => Self::elapsed(value),
            _ => Err(InvalidAmount),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_as_it_is_written() {
        for text in ["1wd", "15wd", "3650wd", "15wdt", "8wh", "30wm", "45ws", "24h", "30m", "15s"] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), text);
        }
        assert_eq!("120wm".parse::<Amount>().unwrap().to_string(), "2wh");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "wd",
            "0wd",
            "-1wd",
            "3651wd",
            "1.5wd",
            "15",
            "15 wd",
            "15d",
            "0h",
            "87601h",
            "99999999999h",
            "15WD",
            "一wd",
            "9223372036854775807h",
        ] {
            assert_eq!(text.parse::<Amount>(), Err(InvalidAmount), "{text:?}");
        }
    }
}
