//! Other terms for a clock that runs, and an amount that begins anew. Used time never changes: what was spent under the
//! terms before is measured by them, and what is left is laid on the new ones. Source: S4, S7.

use super::{Change, Clock, Fact, News, NoDeadline, TermsBefore, Turn};
use crate::{calendar::Table, policy::Rule};
use gongdan_region::RegionCode;
use jiff::Timestamp;

/// Why a clock was worked out anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its ticket changed: priority, type, item, region, …
    Ticket,
    /// A newer version of its policy set or calendar was applied.
    Terms,
}

/// The terms that are to count.
#[derive(Debug, Clone, Copy)]
pub struct NewTerms<'a> {
    /// Policy set and version.
    pub policy: &'a str,
    /// The rule that gives the amount.
    pub rule: &'a Rule,
    /// Its position in the set.
    pub position: Option<u16>,
    /// Calendar and version.
    pub calendar: &'a str,
    /// The days of that calendar in the ticket's region.
    pub table: &'a Table,
    /// The ticket's region.
    pub region: RegionCode,
}

/// What other terms make of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Anew {
    at: Timestamp,
    due_at: Timestamp,
    turn: Turn,
}

impl Clock {
    /// Lays what is left on other terms. A clock whose deadline somebody gave or extended keeps it, and one that the new
    /// terms leave as it is stays under the old. When nothing is left, it is due at once; when it was overdue already, it
    /// stays due when it was.
    ///
    /// `table` has the days by which it ran so far.
    ///
    /// # Errors
    /// When due lies beyond what calendars reach.
    pub fn recalculate(
        &mut self,
        terms: &NewTerms<'_>,
        table: &Table,
        news: News,
        cause: Cause,
    ) -> Result<Vec<Fact>, NoDeadline> {
        let Some(Anew { at, due_at, turn }) = self.anew(terms, table, news.at)? else {
            return Ok(Vec::new());
        };
        let before = self.terms();
        let mut facts = self.catch_up(news);
        let previous_due_at = self.due_at;
        self.turns.push(turn);
        terms.policy.clone_into(&mut self.policy);
        terms.calendar.clone_into(&mut self.calendar);
        (self.rule, self.amount) = (terms.position, terms.rule.amount);
        (self.pausable, self.region) = (terms.rule.pauses(), terms.region);
        self.due_at = due_at;
        let percents = terms.rule.warn_percent.iter().copied();
        self.thresholds = self.course().thresholds(terms.table, due_at, percents)?;
        let reached = self.course().resting().unwrap_or(at);
        self.warned = self.thresholds.iter().filter(|threshold| threshold.at <= reached).count();
        self.breached = self.breached && due_at < at;
        facts.push(self.record(Change::Recalculated { previous_due_at, before, cause }, at, news.origin));
        Ok(facts)
    }

    /// When it would be due under other terms from an instant on; none when they leave it as it is.
    ///
    /// # Errors
    /// When that lies beyond what calendars reach.
    pub fn due_under(
        &self,
        terms: &NewTerms<'_>,
        table: &Table,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, NoDeadline> {
        Ok(self.anew(terms, table, at)?.map(|anew| anew.due_at))
    }

    fn anew(&self, terms: &NewTerms<'_>, table: &Table, at: Timestamp) -> Result<Option<Anew>, NoDeadline> {
        let course = self.course();
        if !self.is_open() || course.is_given() {
            return Ok(None);
        }
        let at = self.not_before_the_last_turn(at);
        let spent = course.spent(table, at, self.dispatched())?;
        let from = course.resting().unwrap_or(at);
        let due_at = match spent.left_of(terms.rule.amount) {
            Some(left) => left.due(terms.table, course.base().start, from)?,
            // it was over before
            None if self.due_at <= from || spent.left_of(self.amount).is_none() => self.due_at,
            None => at,
        };
        let percents = self.thresholds.iter().map(|threshold| threshold.percent);
        let same = due_at == self.due_at
            && terms.rule.amount == self.amount
            && terms.rule.pauses() == self.pausable
            && percents.eq(terms.rule.warn_percent.iter().copied());
        let turn = Turn::Recalculated { at, due_at, before: self.terms(), spent };
        Ok((!same).then_some(Anew { at, due_at, turn }))
    }

    /// The amount begins anew, whatever was spent; that is not lost: the time it worked all in all goes on.
    ///
    /// # Errors
    /// When due lies beyond what calendars reach.
    pub fn restart(&mut self, news: News, table: &Table) -> Result<Vec<Fact>, NoDeadline> {
        if !self.is_open() {
            return Ok(Vec::new());
        }
        let at = self.not_before_the_last_turn(news.at);
        let spent = self.course().spent(table, at, self.dispatched())?;
        let due_at = table.due(at, self.amount)?;
        let mut facts = self.catch_up(news);
        let previous_due_at = self.due_at;
        self.turns.push(Turn::Restarted { at, due_at, spent });
        self.due_at = due_at;
        self.set_thresholds(table)?;
        (self.warned, self.breached) = (0, false);
        facts.push(self.record(Change::Restarted { previous_due_at }, at, news.origin));
        Ok(facts)
    }

    /// Whether its terms are of a version of this policy set.
    #[must_use]
    pub fn is_under(&self, set: &str) -> bool {
        self.policy.split_once('@').is_some_and(|(key, _)| key == set)
    }

    /// The terms that count.
    pub(super) fn terms(&self) -> TermsBefore {
        let Self { policy, rule, calendar, region, amount, .. } = self;
        let (policy, calendar) = (policy.clone(), calendar.clone());
        TermsBefore { policy, rule: *rule, calendar, region: *region, amount: *amount }
    }

    fn dispatched(&self) -> Option<Timestamp> {
        self.subject.as_ref().and_then(|subject| subject.first_dispatched_at)
    }

    fn not_before_the_last_turn(&self, at: Timestamp) -> Timestamp {
        at.max(self.turns.last().map_or(self.started_at, Turn::at)).max(self.started_at)
    }
}
