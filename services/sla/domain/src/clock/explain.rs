//! How a clock came to its due time: every stretch of its time under the terms that counted then, and every step of due.
//! Source: S8.

use super::{Clock, Course, NoDeadline, Segment, Spent, TermsBefore, Turn};
use crate::{
    Amount,
    calendar::{Calendar, DayEnd},
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A stretch of a clock's time under one set of terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// When, and whether it ran.
    pub segment: Segment,
    /// The terms that counted.
    pub terms: TermsBefore,
    /// Closes of working days in it that counted: to the end of the day, or to the time of day, as the amount has it.
    pub days: u32,
    /// Working time in it that counted.
    pub working: SignedDuration,
    /// Time on the wall in it that counted.
    pub elapsed: SignedDuration,
}

/// A step on the way to the due time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What happened; none: it began.
    pub turn: Option<Turn>,
    /// When it was due from then on; while it is paused: as if the pause had not begun.
    pub due_at: Timestamp,
    /// The terms from then on.
    pub terms: TermsBefore,
}

/// A clock's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// In order, without gaps.
    pub stretches: Vec<Stretch>,
    /// In order; the last has the due time that counts.
    pub steps: Vec<Step>,
}

/// A part of the life under one set of terms: the turns in it are `turns[from..to]`.
struct Stage {
    terms: TermsBefore,
    calendar: Arc<Calendar>,
    from: usize,
    to: usize,
}

/// Why there is no explanation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// An instant beyond the years calendars reach.
    #[error(transparent)]
    NoDeadline(#[from] NoDeadline),
    /// A version of a calendar that counted is gone.
    #[error("calendar {0} is not there")]
    CalendarGone(String),
}

impl Clock {
    /// The calendars that counted, as `cn@1`: what an explanation needs.
    #[must_use]
    pub fn calendars(&self) -> Vec<&str> {
        let before = self.turns.iter().filter_map(|turn| match turn {
            Turn::Recalculated { before, .. } => Some(before.calendar.as_str()),
            _ => None,
        });
        let mut calendars: Vec<_> = before.chain([self.calendar.as_str()]).collect();
        calendars.sort_unstable();
        calendars.dedup();
        calendars
    }

    /// How it came to its due time, by `now` if it has not ended.
    ///
    /// # Errors
    /// When a calendar that counted is gone.
    pub fn explain(
        &self,
        calendar: &dyn Fn(&str) -> Option<Arc<Calendar>>,
        now: Timestamp,
    ) -> Result<Explained, Unexplained> {
        let (mut stretches, mut steps) = (Vec::new(), Vec::new());
        let end = self.stopped_at.unwrap_or_else(|| now.max(self.last_turn()));
        let stages = self.stages(calendar)?;
        let ends = stages.iter().skip(1).map(|stage| self.turns.get(stage.from - 1).map(Turn::at));
        let ends: Vec<_> = ends.chain([None]).collect();
        for (stage, to) in stages.iter().zip(ends) {
            self.steps(stage, &mut steps)?;
            self.stretches(stage, to, end, &mut stretches)?;
        }
        Ok(Explained { stretches, steps })
    }

    fn last_turn(&self) -> Timestamp {
        self.turns.last().map_or(self.started_at, Turn::at)
    }

    fn stages(&self, calendar: &dyn Fn(&str) -> Option<Arc<Calendar>>) -> Result<Vec<Stage>, Unexplained> {
        let mut stages = Vec::new();
        let ends = (0..self.turns.len())
            .filter(|index| matches!(self.turns[*index], Turn::Recalculated { .. } | Turn::Restarted { .. }));
        let mut from = 0;
        for to in ends.map(|end| end + 1).chain([self.turns.len() + 1]) {
            // a restart changes no terms: those before the next change counted
            let later = self.turns.iter().skip(to - 1).find_map(|turn| match turn {
                Turn::Recalculated { before, .. } => Some(before.clone()),
                _ => None,
            });
            let terms = later.unwrap_or_else(|| self.terms());
            let calendar =
                calendar(&terms.calendar).ok_or_else(|| Unexplained::CalendarGone(terms.calendar.clone()))?;
            stages.push(Stage { terms, calendar, from, to: to - 1 });
            from = to;
        }
        Ok(stages)
    }

    /// The course as it was after so many turns, under a stage's terms.
    fn course_after(&self, turns: usize, stage: &Stage) -> Course<'_> {
        let turns = self.turns.get(..turns).unwrap_or(&self.turns);
        Course { started_at: self.started_at, amount: stage.terms.amount, turns }
    }

    fn steps(&self, stage: &Stage, steps: &mut Vec<Step>) -> Result<(), NoDeadline> {
        let table = stage.calendar.table(Some(stage.terms.region));
        for turns in stage.from..=stage.to {
            let turn = turns.checked_sub(1).and_then(|last| self.turns.get(last)).cloned();
            let at = turn.as_ref().map_or(self.started_at, Turn::at);
            let due_at = self.course_after(turns, stage).due(table)?;
            steps.push(Step { at, turn, due_at, terms: stage.terms.clone() });
        }
        Ok(())
    }

    fn stretches(
        &self,
        stage: &Stage,
        to: Option<Timestamp>,
        end: Timestamp,
        stretches: &mut Vec<Stretch>,
    ) -> Result<(), NoDeadline> {
        let table = stage.calendar.table(Some(stage.terms.region));
        let course = self.course_after(stage.to, stage);
        let begun = course.base().from;
        for segment in course.segments() {
            let from = segment.from.max(begun);
            let until = match (segment.to, to) {
                (Some(end), _) => Some(end),
                (None, to) => to.or(self.stopped_at),
            };
            let last = until.unwrap_or(end);
            if last < from || (last == from && until.is_some() && segment.to.is_some()) {
                continue;
            }
            let [before, after] = [from, last].map(|at| course.spent(table, at, None));
            let (before, after) = (before?, after?);
            stretches.push(Stretch {
                segment: Segment { from, to: until, ..segment },
                days: days(&stage.terms, &after).saturating_sub(days(&stage.terms, &before)),
                working: after.working - before.working,
                elapsed: after.elapsed - before.elapsed,
                terms: stage.terms.clone(),
            });
        }
        Ok(())
    }
}

fn days(terms: &TermsBefore, spent: &Spent) -> u32 {
    match terms.amount {
        Amount::WorkingDays { end: DayEnd::SameTime, .. } => spent.marks,
        _ => spent.closes,
    }
}
