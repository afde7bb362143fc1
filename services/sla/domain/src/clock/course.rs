//! The course of a clock: what interrupted or moved it, and the due time, thresholds and used time that follow. All of
//! them are folds over the turns, so that a clock can be worked out anew under another amount or calendar.
//! Source: S4, S7, S8.

use super::{NoDeadline, Spent, Threshold, Turn};
use crate::{
    Amount,
    calendar::{DayEnd, OutOfRange, Table},
};
use jiff::{SignedDuration, Timestamp};

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
    /// How much time: what counts since the last turn that changed it.
    pub amount: Amount,
    /// What interrupted or moved it.
    pub turns: &'a [Turn],
}

/// Where the terms that count now began: at the start, when it was restarted, or when it was worked out anew. What was
/// before is in `spent`, measured under the terms that were valid then.
pub(super) struct Base<'a> {
    /// The amount counts from here: closes of this day do not count.
    pub start: Timestamp,
    /// The terms count from here.
    pub from: Timestamp,
    /// What was spent before.
    pub spent: Spent,
    /// When it was due as the terms began; none: at the end of the amount.
    pub due: Option<Timestamp>,
    /// When a pause began that lasted as the terms began.
    pub resting: Option<Timestamp>,
    /// What followed.
    pub turns: &'a [Turn],
}

/// A running stretch and its length in the amount's measure.
type Run = (Timestamp, SignedDuration);

impl<'a> Course<'a> {
    /// The stretches of time from the start on, without gaps.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut open = Segment { from: self.started_at, to: None, suspended: false, ran: true };
        for turn in self.turns {
            let (at, suspended, ran) = match *turn {
                Turn::Paused { at, runs_on } => (at, true, runs_on),
                Turn::Resumed { at } => (at, false, true),
                Turn::Moved { .. } | Turn::Recalculated { .. } | Turn::Restarted { .. } => continue,
            };
            segments.push(Segment { to: Some(at), ..open });
            open = Segment { from: at, to: None, suspended, ran };
        }
        segments.push(open);
        segments
    }

    /// Where the terms that count now began.
    pub(super) fn base(&self) -> Base<'a> {
        let (mut start, mut last) = (self.started_at, None);
        for (index, turn) in self.turns.iter().enumerate() {
            match turn {
                Turn::Restarted { at, .. } => (start, last) = (*at, Some(index)),
                Turn::Recalculated { .. } => last = Some(index),
                Turn::Paused { .. } | Turn::Resumed { .. } | Turn::Moved { .. } => {}
            }
        }
        let Some(last) = last else {
            let (from, spent) = (self.started_at, Spent::default());
            return Base { start, from, spent, due: None, resting: None, turns: self.turns };
        };
        let (before, after) = self.turns.split_at(last);
        let paused = before.iter().rev().find_map(|turn| match *turn {
            Turn::Paused { at, runs_on: false } => Some(Some(at)),
            Turn::Paused { runs_on: true, .. } | Turn::Resumed { .. } => Some(None),
            _ => None,
        });
        let turns = after.get(1..).unwrap_or_default();
        let (from, spent, due) = match after.first() {
            Some(Turn::Recalculated { at, spent, due_at, .. }) => (*at, *spent, *due_at),
            Some(Turn::Restarted { at, spent, due_at }) => (*at, spent.anew(), *due_at),
            _ => (self.started_at, Spent::default(), self.started_at),
        };
        let resting = paused.flatten().map(|at| at.max(start));
        Base { start, from, spent, due: Some(due), resting, turns }
    }

    /// When it is due; while it is paused, as if the pause had not begun.
    ///
    /// # Errors
    /// When that lies beyond what calendars reach.
    pub fn due(&self, table: &Table) -> Result<Timestamp, NoDeadline> {
        let base = self.base();
        // when nothing was left as the terms began, a pause that lasted then moves nothing
        let mut resting = base.resting.filter(|_| base.spent.left_of(self.amount).is_some());
        let mut due = match base.due {
            Some(due) => due,
            None => table.due(base.start, self.amount)?,
        };
        for turn in base.turns {
            match *turn {
                Turn::Paused { at, runs_on } => resting = (!runs_on).then_some(at),
                Turn::Resumed { at } => {
                    if let Some(pause) = resting.take() {
                        due = table.after_pause(due, self.amount, base.start, (pause, at))?;
                    }
                }
                Turn::Moved { at, due_at } => {
                    due = due_at;
                    resting = resting.map(|_| at);
                }
                // the base is after them
                Turn::Recalculated { .. } | Turn::Restarted { .. } => {}
            }
        }
        Ok(due)
    }

    /// When the pause began in which the clock rests.
    pub(super) fn resting(&self) -> Option<Timestamp> {
        let base = self.base();
        base.turns.iter().fold(base.resting, |resting, turn| match *turn {
            Turn::Paused { at, runs_on } => (!runs_on).then_some(at),
            Turn::Resumed { .. } => None,
            Turn::Moved { at, .. } => resting.map(|_| at),
            Turn::Recalculated { .. } | Turn::Restarted { .. } => resting,
        })
    }

    /// What has been spent of the amount by an instant, in every measure, under the terms that count now.
    ///
    /// `dispatched` is from when the time for handling counts.
    ///
    /// # Errors
    /// When an instant lies beyond what calendars reach.
    pub fn spent(
        &self,
        table: &Table,
        at: Timestamp,
        dispatched: Option<Timestamp>,
    ) -> Result<Spent, NoDeadline> {
        let base = self.base();
        let mut spent = base.spent;
        let whole = (base.from, at.max(base.from));
        let closes =
            |end: DayEnd, (from, to): (Timestamp, Timestamp)| table.closes_between(end, base.start, from, to);
        let mut marks = [closes(DayEnd::Close, whole)?, closes(DayEnd::SameTime, whole)?];
        for segment in self.segments() {
            let (from, end) = (segment.from.max(whole.0), segment.to.unwrap_or(whole.1).min(whole.1));
            if end < from {
                continue;
            }
            if segment.ran {
                let working = table.working_between(from, end)?;
                spent.working += working;
                spent.worked += working;
                spent.elapsed += end.duration_since(from);
            } else {
                // the instants at which it was paused and resumed ran
                let last = if segment.to.is_some_and(|to| to <= whole.1) { before(end) } else { end };
                marks[0] = marks[0].saturating_sub(closes(DayEnd::Close, (from, last))?);
                marks[1] = marks[1].saturating_sub(closes(DayEnd::SameTime, (from, last))?);
            }
            if let Some(dispatched) = dispatched.filter(|_| !segment.suspended) {
                spent.handled += table.working_between(from.max(dispatched), end)?;
            }
        }
        spent.closes += marks[0];
        spent.marks += marks[1];
        Ok(spent)
    }

    /// When each percentage of the time from start to due has gone: of the working time, or of the elapsed time for an
    /// amount of clock hours; pauses do not count. One that had gone when the terms changed lies at that change.
    /// Source: S5.
    ///
    /// # Errors
    /// When one lies beyond what calendars reach.
    pub fn thresholds(
        &self,
        table: &Table,
        due: Timestamp,
        percents: impl Iterator<Item = u8>,
    ) -> Result<Vec<Threshold>, NoDeadline> {
        let base = self.base();
        let mut runs: Vec<Run> = Vec::new();
        for segment in self.segments().into_iter().filter(|segment| segment.ran) {
            let (from, to) = (segment.from.max(base.from), segment.to.unwrap_or(due).min(due));
            if from < to {
                runs.push((from, self.measure(table, from, to)?));
            }
        }
        // while a pause lasts, what is left lies as if it had not begun
        if let Some(pause) = base.resting.filter(|at| *at < due && base.turns.is_empty()) {
            runs.push((pause, self.measure(table, pause, due)?));
        }
        let before = if self.amount.needs_calendar() { base.spent.working } else { base.spent.elapsed };
        let whole = before + runs.iter().map(|(_, length)| *length).sum::<SignedDuration>();
        percents
            .map(|percent| {
                let reached = part(whole, percent) - before;
                let at = if reached <= SignedDuration::ZERO && before > SignedDuration::ZERO {
                    base.resting.unwrap_or(base.from)
                } else {
                    self.after(table, &runs, reached)?
                };
                Ok(Threshold { percent, at })
            })
            .collect()
    }

    fn after(&self, table: &Table, runs: &[Run], mut left: SignedDuration) -> Result<Timestamp, NoDeadline> {
        for (from, length) in runs {
            if left <= *length {
                return self.later(table, *from, left);
            }
            left -= *length;
        }
        match runs.last() {
            Some((from, length)) => self.later(table, *from, *length),
            None => Ok(self.base().from),
        }
    }

    fn later(&self, table: &Table, from: Timestamp, time: SignedDuration) -> Result<Timestamp, NoDeadline> {
        if self.amount.needs_calendar() {
            table.after_working(from, time)
        } else {
            from.checked_add(time).map_err(|_| OutOfRange)
        }
    }

    fn measure(&self, table: &Table, from: Timestamp, to: Timestamp) -> Result<SignedDuration, NoDeadline> {
        if self.amount.needs_calendar() {
            table.working_between(from, to)
        } else {
            Ok(to.duration_since(from).max(SignedDuration::ZERO))
        }
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

    /// Whether its deadline was given by somebody: at the start or by an extension, and the amount was not begun anew
    /// since.
    #[must_use]
    pub fn is_given(&self) -> bool {
        let last = self.turns.iter().rev().find_map(|turn| match turn {
            Turn::Moved { .. } => Some(true),
            Turn::Restarted { .. } => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }
}

/// Whole microseconds, as the database keeps instants.
fn part(whole: SignedDuration, percent: u8) -> SignedDuration {
    let micros = whole.as_micros() * i128::from(percent) / 100;
    SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_micros(1)).unwrap_or(at)
}
