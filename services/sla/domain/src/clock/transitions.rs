//! Start, fire, stop, cancel.

use super::{CancelReason, Change, Clock, ClockState, Course, Fact, Subject, Turn};
use crate::{
    Amount, ClockKind, Origin,
    calendar::MAX_SECONDS,
    calendar::{OutOfRange, Table},
    policy::Rule,
};
use gongdan_region::RegionCode;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// No due time can be found within the years that calendars reach.
pub type NoDeadline = OutOfRange;

/// The smallest step of an instant: a breach is one after due.
const MOMENT: SignedDuration = SignedDuration::from_micros(1);

/// What a new clock is made of.
#[derive(Debug, Clone)]
pub struct Begin<'a> {
    /// UUID.
    pub id: Uuid,
    /// The ticket.
    pub ticket_id: Uuid,
    /// Its number.
    pub ticket_number: &'a str,
    /// Its round.
    pub round: i32,
    /// What it measures.
    pub kind: ClockKind,
    /// The assist, review or directive it is for.
    pub record_id: Option<Uuid>,
    /// The deadline somebody gave; none: the rule's amount.
    pub due_at: Option<Timestamp>,
    /// Policy set and version.
    pub policy: String,
    /// Calendar and version.
    pub calendar: String,
    /// The rule that gives amount and thresholds.
    pub rule: &'a Rule,
    /// Its position in the set; none: no rule of the set speaks of it.
    pub position: Option<u16>,
    /// The days of the calendar in the ticket's region.
    pub table: &'a Table,
    /// From when the amount counts.
    pub started_at: Timestamp,
    /// What of its ticket it goes by.
    pub subject: Subject,
    /// The unit that holds the ticket.
    pub unit_id: &'a str,
    /// The person that holds it.
    pub handler_id: &'a str,
    /// The ticket's region.
    pub region: RegionCode,
    /// Live or import.
    pub origin: Origin,
    /// Imports: when to take it that nothing follows.
    pub settle_at: Option<Timestamp>,
}

/// News that ends a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// When it happened.
    pub at: Timestamp,
    /// When it is told.
    pub told_at: Timestamp,
    /// Whether it happened in this suite or was recorded from the past.
    pub origin: Origin,
    /// What should have fired longer ago than this is late.
    pub late_after: SignedDuration,
}

impl Clock {
    /// Begins a clock.
    ///
    /// # Errors
    /// When due lies beyond what calendars reach.
    pub fn start(begin: Begin<'_>, occurred_at: Timestamp) -> Result<(Self, Fact), NoDeadline> {
        let (amount, turns) = match begin.due_at {
            None => (begin.rule.amount, Vec::new()),
            Some(due_at) => {
                (until(begin.started_at, due_at), vec![Turn::Moved { at: begin.started_at, due_at }])
            }
        };
        let course = Course { started_at: begin.started_at, amount, turns: &turns };
        let due_at = course.due(begin.table)?;
        let thresholds = course.thresholds(begin.table, due_at, begin.rule.warn_percent.iter().copied())?;
        let clock = Self {
            id: begin.id,
            ticket_id: begin.ticket_id,
            ticket_number: begin.ticket_number.to_owned(),
            round: begin.round,
            kind: begin.kind,
            record_id: begin.record_id,
            state: ClockState::Running,
            policy: begin.policy,
            rule: begin.position,
            calendar: begin.calendar,
            amount,
            started_at: begin.started_at,
            due_at,
            pausable: begin.rule.pauses(),
            turns,
            merged: false,
            stopped_at: None,
            breached: false,
            thresholds,
            warned: 0,
            working_seconds: None,
            handling_working_seconds: None,
            subject: Some(begin.subject),
            unit_id: begin.unit_id.to_owned(),
            handler_id: begin.handler_id.to_owned(),
            region: begin.region,
            version: 1,
            origin: begin.origin,
            settle_at: begin.settle_at,
        };
        let fact = Fact { change: Change::Started, occurred_at, origin: begin.origin, after: clock.clone() };
        Ok((clock, fact))
    }

    /// When something is to happen next; none when nothing is left to fire. Source: S5.
    #[must_use]
    pub fn next_fire_at(&self) -> Option<Timestamp> {
        if self.state != ClockState::Running {
            return None;
        }
        let warning = self.thresholds.get(self.warned).map(|threshold| threshold.at);
        let breach = || (!self.breached).then(|| self.due_at + MOMENT);
        self.settle_at.or(warning).or_else(breach)
    }

    /// Fires what has come by `now`, each once. What is more than `late_after` behind is marked late. An import that
    /// is not settled yet records what lies in the past as facts of the import.
    pub fn fire(&mut self, now: Timestamp, late_after: SignedDuration) -> Vec<Fact> {
        if self.next_fire_at().is_none_or(|next| next > now) {
            return Vec::new();
        }
        let mut facts = Vec::new();
        if let Some(settle_at) = self.settle_at.take() {
            self.pass(settle_at, now, Origin::Import, None, &mut facts);
        }
        self.pass(now, now, Origin::Live, Some(late_after), &mut facts);
        facts
    }

    /// Warnings and breach that lie before `until`.
    fn pass(
        &mut self,
        until: Timestamp,
        now: Timestamp,
        origin: Origin,
        late_after: Option<SignedDuration>,
        facts: &mut Vec<Fact>,
    ) {
        if self.state != ClockState::Running {
            return;
        }
        let late = |at: Timestamp| late_after.is_some_and(|after| now.duration_since(at) > after);
        while let Some(threshold) = self.thresholds.get(self.warned).copied().filter(|t| t.at <= until) {
            self.warned += 1;
            let change = Change::Warned { percent: threshold.percent, late: late(threshold.at) };
            facts.push(self.record(change, threshold.at, origin));
        }
        if !self.breached && self.due_at < until {
            self.breached = true;
            let change = Change::Breached { late: late(self.due_at) };
            facts.push(self.record(change, self.due_at, origin));
        }
    }

    /// What it waited for came. Warnings and breach before it that did not fire yet are recorded first; a breach that
    /// fired because the news was slow is taken back in the state.
    ///
    /// `first_dispatched_at` is from when handling counts, for a handling clock.
    ///
    /// # Errors
    /// When it came beyond what calendars reach.
    pub fn stop(
        &mut self,
        news: News,
        first_dispatched_at: Option<Timestamp>,
        table: &Table,
    ) -> Result<Vec<Fact>, NoDeadline> {
        if !self.is_open() {
            return Ok(Vec::new());
        }
        let mut facts = self.catch_up(news);
        if self.course().is_suspended() {
            self.end_pause(news.at, table)?;
        }
        let on_time = news.at <= self.due_at;
        self.breached = !on_time;
        let from = first_dispatched_at.unwrap_or(self.started_at);
        let handled = self.end(ClockState::Stopped, news.at, Some(from), table)?;
        if self.kind == ClockKind::Handling {
            self.handling_working_seconds = Some(handled);
        }
        facts.push(self.record(Change::Stopped { on_time }, news.at, news.origin));
        Ok(facts)
    }

    /// What it waited for will not come. Warnings and breach before that did not fire yet are recorded first.
    ///
    /// # Errors
    /// When that was beyond what calendars reach.
    pub fn cancel(
        &mut self,
        news: News,
        reason: CancelReason,
        table: &Table,
    ) -> Result<Vec<Fact>, NoDeadline> {
        if !self.is_open() {
            return Ok(Vec::new());
        }
        let mut facts = self.catch_up(news);
        self.merged = reason == CancelReason::Merged;
        self.end(ClockState::Cancelled, news.at, None, table)?;
        facts.push(self.record(Change::Cancelled { reason }, news.at, news.origin));
        Ok(facts)
    }

    /// Warnings and breach before the news; what lies before the settling of an import is a fact of the import.
    pub(super) fn catch_up(&mut self, news: News) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some(settle_at) = self.settle_at.take() {
            self.pass(settle_at.min(news.at), news.told_at, Origin::Import, None, &mut facts);
        }
        let late_after = (news.origin == Origin::Live).then_some(news.late_after);
        self.pass(news.at, news.told_at, news.origin, late_after, &mut facts);
        facts
    }

    /// Ends it; answers the time for handling, in seconds.
    fn end(
        &mut self,
        state: ClockState,
        at: Timestamp,
        dispatched: Option<Timestamp>,
        table: &Table,
    ) -> Result<i64, NoDeadline> {
        let spent = self.course().spent(table, at, dispatched)?;
        self.working_seconds = Some(spent.worked.as_secs());
        self.state = state;
        self.stopped_at = Some(at);
        Ok(spent.handled.as_secs())
    }

    pub(super) fn record(&mut self, change: Change, occurred_at: Timestamp, origin: Origin) -> Fact {
        self.version += 1;
        Fact { change, occurred_at, origin, after: self.clone() }
    }
}

/// The clock time until a deadline; at least a second.
fn until(start: Timestamp, due_at: Timestamp) -> Amount {
    let seconds = due_at.duration_since(start).as_secs().clamp(1, i64::from(MAX_SECONDS));
    Amount::Elapsed { seconds: u32::try_from(seconds).unwrap_or(1) }
}
