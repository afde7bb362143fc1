//! Pause, resume, extend, restore. Source: S4, T11, T16, T17.

use super::{Change, Clock, ClockState, Course, Fact, News, NoDeadline, Turn};
use crate::{ClockKind, calendar::Table};
use jiff::Timestamp;

impl Clock {
    /// Its course so far.
    #[must_use]
    pub fn course(&self) -> Course<'_> {
        Course { started_at: self.started_at, amount: self.amount, turns: &self.turns }
    }

    /// Its ticket was suspended: the clock waits, when its policy says so. A warning or breach before it that did not
    /// fire yet is recorded first; a breach that fired because the news was slow is taken back in the state.
    pub fn pause(&mut self, news: News) -> Vec<Fact> {
        if self.state != ClockState::Running || self.course().is_suspended() {
            return Vec::new();
        }
        if !self.pausable {
            if self.kind != ClockKind::Handling {
                return Vec::new();
            }
            self.turns.push(Turn::Paused { at: news.at, runs_on: true });
            return vec![self.record(Change::Paused { runs_on: true }, news.at, news.origin)];
        }
        let mut facts = self.catch_up(news);
        self.breached = self.breached && self.due_at < news.at;
        self.turns.push(Turn::Paused { at: news.at, runs_on: false });
        self.state = ClockState::Paused;
        facts.push(self.record(Change::Paused { runs_on: false }, news.at, news.origin));
        facts
    }

    /// Its ticket was resumed: what was left when it was paused is left now.
    ///
    /// # Errors
    /// When due lies beyond what calendars reach.
    pub fn resume(&mut self, news: News, table: &Table) -> Result<Vec<Fact>, NoDeadline> {
        if !self.is_open() || !self.course().is_suspended() {
            return Ok(Vec::new());
        }
        let was_paused = self.state == ClockState::Paused;
        let previous_due_at = self.due_at;
        self.end_pause(news.at, table)?;
        if !was_paused {
            return Ok(vec![self.record(Change::Resumed { previous_due_at }, news.at, news.origin)]);
        }
        // what would have been warned of in the pause is warned of at its end
        for threshold in self.thresholds.iter_mut().skip(self.warned) {
            threshold.at = threshold.at.max(news.at);
        }
        self.state = ClockState::Running;
        Ok(vec![self.record(Change::Resumed { previous_due_at }, news.at, news.origin)])
    }

    /// Closes the pause in the course, and works out due and thresholds.
    pub(super) fn end_pause(&mut self, at: Timestamp, table: &Table) -> Result<(), NoDeadline> {
        let rested = self.course().is_paused();
        self.turns.push(Turn::Resumed { at });
        if rested {
            self.due_at = self.course().due(table)?;
            self.set_thresholds(table)?;
        }
        Ok(())
    }

    /// A later deadline was granted. Thresholds that lie ahead again are warned of again; a breach that the new due time
    /// undoes is taken back in the state.
    ///
    /// # Errors
    /// When one lies beyond what calendars reach.
    pub fn extend(&mut self, due_at: Timestamp, news: News, table: &Table) -> Result<Vec<Fact>, NoDeadline> {
        if !self.is_open() || due_at == self.due_at {
            return Ok(Vec::new());
        }
        let mut facts = self.catch_up(news);
        let previous_due_at = self.due_at;
        self.turns.push(Turn::Moved { at: news.at, due_at });
        self.due_at = due_at;
        self.set_thresholds(table)?;
        self.warned = self.thresholds.iter().filter(|threshold| threshold.at <= news.at).count();
        self.breached = self.breached && due_at < news.at;
        facts.push(self.record(Change::Extended { previous_due_at }, news.at, news.origin));
        Ok(facts)
    }

    /// The merge that cancelled it was undone: it goes on as if it had not been.
    pub fn restore(&mut self, news: News) -> Vec<Fact> {
        if self.state != ClockState::Cancelled || !self.merged {
            return Vec::new();
        }
        self.merged = false;
        self.stopped_at = None;
        self.working_seconds = None;
        self.state = if self.course().is_paused() { ClockState::Paused } else { ClockState::Running };
        vec![self.record(Change::Restored, news.at, news.origin)]
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ClockState::Running | ClockState::Paused)
    }

    pub(super) fn set_thresholds(&mut self, table: &Table) -> Result<(), NoDeadline> {
        let percents: Vec<u8> = self.thresholds.iter().map(|threshold| threshold.percent).collect();
        self.thresholds = self.course().thresholds(table, self.due_at, percents.into_iter())?;
        Ok(())
    }
}
