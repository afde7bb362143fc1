//! Recurrence by a working calendar: which working days, and when on them.

use super::{FIRST, LAST};
use crate::{Fault, Faults, calendar::Table, is_key};
use gongdan_region::RegionCode;
use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, Weekday},
};
use serde::{Deserialize, Serialize};

const MOST_TIMES: usize = 24;

/// Which working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// Every one.
    Every,
    /// The n-th of the month.
    OfMonth(u8),
    /// The one that so many working days of the month follow; 0 is the last.
    BeforeMonthEnd(u8),
    /// The n-th of the week, from Monday on.
    OfWeek(u8),
}

/// Days by a working calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Working {
    /// Key of the calendar.
    pub calendar: String,
    /// Whose days.
    pub region: Option<RegionCode>,
    /// Which.
    pub days: Days,
    /// Only in these months, ascending; empty: in all.
    pub months: Vec<i8>,
    /// When on the day, ascending.
    pub times: Vec<Time>,
}

impl Working {
    /// Every fault that can be seen without the calendar.
    ///
    /// # Errors
    /// Each fault with its field.
    pub fn checked(self) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        if !is_key(&self.calendar) {
            faults.add("calendar", "the key of a calendar");
        }
        match self.days {
            Days::OfMonth(n) if !(1..=31).contains(&n) => faults.add("day_of_month", "1 to 31"),
            Days::BeforeMonthEnd(n) if n > 30 => faults.add("before_month_end", "0 to 30"),
            Days::OfWeek(n) if !(1..=7).contains(&n) => faults.add("day_of_week", "1 to 7"),
            _ => {}
        }
        for (n, month) in self.months.iter().enumerate() {
            if !(1..=12).contains(month)
                || n.checked_sub(1).is_some_and(|p| self.months.get(p) >= Some(month))
            {
                faults.add(format!("months[{n}]"), "1 to 12, ascending");
            }
        }
        if self.times.is_empty() || self.times.len() > MOST_TIMES {
            faults.add("times", format!("1 to {MOST_TIMES} times of day"));
        }
        for (n, time) in self.times.iter().enumerate() {
            if n.checked_sub(1).is_some_and(|before| self.times.get(before) >= Some(time)) {
                faults.add(format!("times[{n}]"), "later than the one before");
            }
        }
        if faults.0.is_empty() { Ok(self) } else { Err(faults.0) }
    }

    /// The field that says which days.
    #[must_use]
    pub const fn days_field(&self) -> &'static str {
        match self.days {
            Days::Every => "every_working_day",
            Days::OfMonth(_) => "day_of_month",
            Days::BeforeMonthEnd(_) => "before_month_end",
            Days::OfWeek(_) => "day_of_week",
        }
    }

    /// The first time on the wall after another, or at it; none up to the last day.
    pub(super) fn next(&self, table: &Table, after: DateTime, inclusive: bool) -> Option<DateTime> {
        let mut month = after.date().max(FIRST).first_of_month();
        while month <= LAST {
            if self.months.is_empty() || self.months.contains(&month.month()) {
                let days = self.days_of(table, month).into_iter().filter(|day| *day >= after.date());
                let mut times =
                    days.flat_map(|day| self.times.iter().map(move |time| day.to_datetime(*time)));
                if let Some(found) = times.find(|at| *at > after || inclusive && *at == after) {
                    return Some(found);
                }
            }
            month = month.checked_add(1.month()).ok()?;
        }
        None
    }

    /// Its days in a month, ascending.
    fn days_of(&self, table: &Table, month: Date) -> Vec<Date> {
        let days = month.series(1.day()).take_while(|day| day.month() == month.month());
        let mut worked: Vec<Date> = days.filter(|day| works(table, *day)).collect();
        let at = |n: Option<usize>| n.and_then(|n| worked.get(n)).copied().into_iter().collect();
        match self.days {
            Days::Every => worked,
            Days::OfMonth(n) => at(usize::from(n).checked_sub(1)),
            Days::BeforeMonthEnd(n) => at(worked.len().checked_sub(usize::from(n) + 1)),
            Days::OfWeek(n) => {
                worked.retain(|day| rank_in_week(table, *day) == usize::from(n));
                worked
            }
        }
    }
}

fn works(table: &Table, day: Date) -> bool {
    table.works_on(day).unwrap_or(false)
}

/// How many working days its week has up to a day.
fn rank_in_week(table: &Table, day: Date) -> usize {
    let since = i64::from(day.weekday().since(Weekday::Monday));
    (0..=since).filter(|n| day.checked_sub(n.days()).is_ok_and(|day| works(table, day))).count()
}
