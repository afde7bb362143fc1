//! What a clock has spent, in every measure that an amount may have: another policy may count in another. Source: S7.

use crate::{
    Amount,
    calendar::{DayEnd, OutOfRange, Table},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What was spent while the clock ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Closes of working days.
    pub closes: u32,
    /// Working days to the same time of day.
    pub marks: u32,
    /// Working time.
    #[serde(with = "micros")]
    pub working: SignedDuration,
    /// Time on the wall.
    #[serde(with = "micros")]
    pub elapsed: SignedDuration,
    /// Working time since the clock began, whatever restarted it.
    #[serde(with = "micros")]
    pub worked: SignedDuration,
    /// Working time since the first dispatch, without suspension. Source: P2.
    #[serde(with = "micros")]
    pub handled: SignedDuration,
}

/// What is left of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// So many working days.
    Days(u32, DayEnd),
    /// So much working time.
    Working(SignedDuration),
    /// So much time on the wall.
    Elapsed(SignedDuration),
}

impl Spent {
    /// Nothing of an amount, with what the clock worked all in all.
    pub(super) fn anew(self) -> Self {
        Self { worked: self.worked, handled: self.handled, ..Self::default() }
    }

    /// What is left of an amount; none when nothing is.
    pub(super) fn left_of(&self, amount: Amount) -> Option<Left> {
        let time = |seconds: u32, spent: SignedDuration| {
            let left = SignedDuration::from_secs(i64::from(seconds)) - spent;
            (left > SignedDuration::ZERO).then_some(left)
        };
        match amount {
            Amount::WorkingDays { days, end } => {
                let spent = if end == DayEnd::Close { self.closes } else { self.marks };
                days.checked_sub(spent).filter(|left| *left > 0).map(|left| Left::Days(left, end))
            }
            Amount::Working { seconds } => time(seconds, self.working).map(Left::Working),
            Amount::Elapsed { seconds } => time(seconds, self.elapsed).map(Left::Elapsed),
        }
    }
}

impl Left {
    /// When it is over for a clock whose amount counts from `start`, and which has this left at `from`.
    pub(super) fn due(
        self,
        table: &Table,
        start: Timestamp,
        from: Timestamp,
    ) -> Result<Timestamp, OutOfRange> {
        match self {
            Self::Days(left, end) => {
                let gone = table.closes_between(end, start, start, from)?;
                table.due(start, Amount::WorkingDays { days: gone.saturating_add(left), end })
            }
            Self::Working(left) => table.after_working(from, left),
            Self::Elapsed(left) => {
                let due = from.checked_add(left).map_err(|_| OutOfRange)?;
                // within the years that calendars reach
                table.working_between(from, due).map(|_| due)
            }
        }
    }
}

/// Whole microseconds, as the database keeps instants.
mod micros {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &SignedDuration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedDuration, D::Error> {
        i64::deserialize(deserializer).map(SignedDuration::from_micros)
    }
}
