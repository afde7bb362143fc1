//! When a schedule is planned.

use super::{
    Cron, Planned, Working,
    wall::{passing, time_of_day},
};
use crate::calendar::Table;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// How work recurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    /// By a cron expression.
    Cron(Cron),
    /// By a working calendar.
    Working(Working),
}

impl Recurrence {
    /// The key of the calendar it goes by.
    #[must_use]
    pub fn calendar(&self) -> Option<&str> {
        match self {
            Self::Cron(_) => None,
            Self::Working(working) => Some(&working.calendar),
        }
    }
}

/// A recurrence in its zone, with the days of its calendar.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    recurrence: &'a Recurrence,
    zone: &'a TimeZone,
    table: Option<&'a Table>,
}

impl<'a> Plan<'a> {
    /// What is planned; without the days of its calendar a working recurrence never is.
    #[must_use]
    pub const fn new(recurrence: &'a Recurrence, zone: &'a TimeZone, table: Option<&'a Table>) -> Self {
        Self { recurrence, zone, table }
    }

    /// The first planned time after an instant; none up to the end of 2149. Source: S10.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Planned> {
        match self.recurrence {
            Recurrence::Cron(cron) if cron.counts_hours() => {
                passing(self.zone, after, |local, inclusive| cron.next(local, inclusive))
            }
            Recurrence::Cron(cron) => {
                time_of_day(self.zone, after, |local, inclusive| cron.next(local, inclusive))
            }
            Recurrence::Working(working) => {
                let table = self.table?;
                let next = |local: DateTime, inclusive| working.next(table, local, inclusive);
                time_of_day(self.zone, after, next)
            }
        }
    }

    /// The planned times after an instant, in order.
    pub fn after(self, after: Timestamp) -> impl Iterator<Item = Planned> + 'a {
        let mut from = after;
        std::iter::from_fn(move || {
            let planned = self.next(from)?;
            from = planned.at;
            Some(planned)
        })
    }
}
