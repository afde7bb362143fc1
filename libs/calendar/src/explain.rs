//! Why a due time is what it is, day by day. Source: S9.

use crate::{Amount, DayEnd, OutOfRange, Table, days::date_at};
use jiff::{SignedDuration, Timestamp, civil::Date};

/// What kind of day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// A working day by the week.
    Working,
    /// Rest by the week.
    Rest,
    /// A day off by the year's list.
    Holiday,
    /// 调休
    MakeUp,
    /// A day with windows of its own.
    HalfDay,
}

/// Neighbouring days that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySpan {
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// What kind of days.
    pub kind: DayKind,
    /// The holiday, or what a make-up workday is for.
    pub name: String,
    /// How many days.
    pub days: u32,
    /// Whether they counted towards the amount.
    pub counted: bool,
    /// Working time in them between start and due.
    pub working: SignedDuration,
}

impl Table {
    /// Every day from start to due, like neighbours together. Working time stands with the day its shift began: the days
    /// begin with the one before the start when its shift runs over midnight into it, and end with the one whose shift
    /// is due on the next date.
    ///
    /// # Errors
    /// When one is outside the years calendars reach.
    pub fn explain(
        &self,
        start: Timestamp,
        due: Timestamp,
        amount: Amount,
    ) -> Result<Vec<DaySpan>, OutOfRange> {
        let (received, on) = (self.index(start)?, self.index(due)?);
        let runs = |index: usize| self.worked_within(index, start, due) > SignedDuration::ZERO;
        let first = received.checked_sub(1).filter(|index| runs(*index)).unwrap_or(received);
        let at_a_window =
            !matches!(amount, Amount::Elapsed { .. } | Amount::WorkingDays { end: DayEnd::SameTime, .. });
        let is_of_the_day_before =
            at_a_window && on > received && !runs(on) && self.close(on - 1).is_some_and(|close| due <= close);
        let last = if is_of_the_day_before { on - 1 } else { on };
        let mut spans: Vec<DaySpan> = Vec::new();
        for index in first..=last {
            let working = self.worked_within(index, start, due);
            let (kind, name) = match self.special(index) {
                Some((kind, name)) => (*kind, name.as_str()),
                None if self.is_worked(index) => (DayKind::Working, ""),
                None => (DayKind::Rest, ""),
            };
            let counted = match amount {
                Amount::WorkingDays { end: DayEnd::Close, .. } => {
                    index > received && self.close(index).is_some_and(|close| close <= due)
                }
                Amount::WorkingDays { end: DayEnd::SameTime, .. } => {
                    index > received && self.is_worked(index)
                }
                Amount::Working { .. } => working > SignedDuration::ZERO,
                Amount::Elapsed { .. } => true,
            };
            match spans.last_mut() {
                Some(span) if span.kind == kind && span.name == name && span.counted == counted => {
                    span.to = date_at(index);
                    span.days += 1;
                    span.working += working;
                }
                _ => spans.push(DaySpan {
                    from: date_at(index),
                    to: date_at(index),
                    kind,
                    name: name.to_owned(),
                    days: 1,
                    counted,
                    working,
                }),
            }
        }
        Ok(spans)
    }
}
