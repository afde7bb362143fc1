//! The course of a clock: what interrupted or moved it, and the due time, thresholds and used time that follow. All of
//! them are folds over the turns, so that a clock can be worked out anew under another amount or calendar.
//! Source: S4, S8.

use super::{NoDeadline, Threshold};
use crate::{Amount, calendar::Table};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What interrupted or moved a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub enum Turn {
    /// The ticket was suspended.
    Paused {
        /// When.
        at: Timestamp,
        /// Its policy lets the clock run on: only the time for handling is without it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        runs_on: bool,
    },
    /// It was resumed.
    Resumed {
        /// When.
        at: Timestamp,
    },
    /// Somebody set the due time: a deadline given at the start, or an extension.
    Moved {
        /// When.
        at: Timestamp,
        /// The due time from then on.
        due_at: Timestamp,
    },
}

/// A stretch of a clock's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end; none while it lasts.
    pub to: Option<Timestamp>,
    /// Whether the ticket was suspended.
    pub suspended: bool,
    /// Whether the clock ran: always outside suspension, within it when its policy says so.
    pub ran: bool,
}

/// A clock's start, its amount and its turns, in order.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// From when the amount counts.
    pub started_at: Timestamp,
    /// How much time.
    pub amount: Amount,
    /// What interrupted or moved it.
    pub turns: &'a [Turn],
}

impl Course<'_> {
    /// The stretches of time from the start on, without gaps.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut open = Segment { from: self.started_at, to: None, suspended: false, ran: true };
        for turn in self.turns {
            let (at, suspended, ran) = match *turn {
                Turn::Paused { at, runs_on } => (at, true, runs_on),
                Turn::Resumed { at } => (at, false, true),
                Turn::Moved { .. } => continue,
            };
            segments.push(Segment { to: Some(at), ..open });
            open = Segment { from: at, to: None, suspended, ran };
        }
        segments.push(open);
        segments
    }

    /// When it is due; while it is paused, as if the pause had not begun.
    ///
    /// # Errors
    /// When that lies beyond what calendars reach.
    pub fn due(&self, table: &Table) -> Result<Timestamp, NoDeadline> {
        let mut due = table.due(self.started_at, self.amount)?;
        let mut resting = None;
        for turn in self.turns {
            match *turn {
                Turn::Paused { at, runs_on } => resting = (!runs_on).then_some(at),
                Turn::Resumed { at } => {
                    if let Some(pause) = resting.take() {
                        due = table.after_pause(due, self.amount, self.started_at, (pause, at))?;
                    }
                }
                Turn::Moved { at, due_at } => {
                    due = due_at;
                    resting = resting.map(|_| at);
                }
            }
        }
        Ok(due)
    }

    /// When each percentage of the time from start to due has gone: of the working time, or of the elapsed time for an
    /// amount of clock hours; pauses do not count. Source: S5.
    ///
    /// # Errors
    /// When one lies beyond what calendars reach.
    pub fn thresholds(
        &self,
        table: &Table,
        due: Timestamp,
        percents: impl Iterator<Item = u8>,
    ) -> Result<Vec<Threshold>, NoDeadline> {
        let mut runs = Vec::new();
        for segment in self.segments().into_iter().filter(|segment| segment.ran) {
            let to = segment.to.unwrap_or(due).min(due);
            if segment.from < to {
                runs.push((segment.from, to, self.measure(table, segment.from, to)?));
            }
        }
        let whole: SignedDuration = runs.iter().map(|(.., length)| *length).sum();
        percents
            .map(|percent| Ok(Threshold { percent, at: self.after(table, &runs, whole, percent)? }))
            .collect()
    }

    fn after(
        &self,
        table: &Table,
        runs: &[(Timestamp, Timestamp, SignedDuration)],
        whole: SignedDuration,
        percent: u8,
    ) -> Result<Timestamp, NoDeadline> {
        // whole microseconds, as the database keeps instants
        let micros = whole.as_micros() * i128::from(percent) / 100;
        let mut left = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        for (from, _, length) in runs {
            if left <= *length {
                return if self.amount.needs_calendar() {
                    table.after_working(*from, left)
                } else {
                    from.checked_add(left).map_err(|_| crate::calendar::OutOfRange)
                };
            }
            left -= *length;
        }
        Ok(runs.last().map_or(self.started_at, |(_, to, _)| *to))
    }

    fn measure(&self, table: &Table, from: Timestamp, to: Timestamp) -> Result<SignedDuration, NoDeadline> {
        if self.amount.needs_calendar() {
            table.working_between(from, to)
        } else {
            Ok(to.duration_since(from).max(SignedDuration::ZERO))
        }
    }

    /// Working time between two instants, in seconds, without the time in which the ticket was suspended, or with
    /// `all_suspensions` false only without that in which the clock rested. Source: P2.
    ///
    /// # Errors
    /// When one lies beyond what calendars reach.
    pub fn worked(
        &self,
        table: &Table,
        (from, to): (Timestamp, Timestamp),
        all_suspensions: bool,
    ) -> Result<i64, NoDeadline> {
        let mut sum = table.working_between(from, to)?;
        for segment in self.segments() {
            let counts = if all_suspensions { !segment.suspended } else { segment.ran };
            if !counts {
                let (start, end) = (segment.from.max(from), segment.to.unwrap_or(to).min(to));
                sum -= table.working_between(start, end)?;
            }
        }
        Ok(sum.max(SignedDuration::ZERO).as_secs())
    }

    /// Whether the ticket is suspended and the clock rests.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.segments().last().is_some_and(|segment| !segment.ran)
    }

    /// Whether the ticket is suspended.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.segments().last().is_some_and(|segment| segment.suspended)
    }
}
