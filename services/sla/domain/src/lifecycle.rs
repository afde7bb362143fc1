//! What ticket events do to a ticket's clocks. Source: S3.
//!
//! - dispatch: from submission, return or reopening until the ticket is dispatched or claimed;
//! - handling: from receipt (later rounds: from the reopening) until it is resolved;
//! - callback: from resolve until it is closed or reopened.

use crate::{
    ClockKind, Origin,
    calendar::{Calendar, Table},
    clock::{Begin, Clock, ClockState, Fact, News, NoDeadline},
    policy::{Attributes, PolicySet},
};
use gongdan_region::RegionCode;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

/// What of a ticket's events clocks care about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It was submitted, or verified out of quarantine.
    Submitted,
    /// It was dispatched or claimed.
    Dispatched,
    /// It was given back.
    Returned,
    /// The unit says it is done.
    Resolved,
    /// It is over.
    Closed,
    /// The next round begins.
    Reopened,
    /// It was taken back.
    Cancelled,
    /// Something else; the holder may have changed.
    Other,
}

/// A ticket's event.
#[derive(Debug, Clone)]
pub struct TicketFact {
    /// What happened.
    pub act: Act,
    /// When.
    pub occurred_at: Timestamp,
    /// Live or import.
    pub origin: Origin,
    /// The ticket after it.
    pub ticket: Ticket,
}

/// The ticket after an event.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// UUID.
    pub id: Uuid,
    /// For people.
    pub number: String,
    /// 1, and +1 per reopening.
    pub round: i32,
    /// Whether it waits for dispatch.
    pub pending_dispatch: bool,
    /// Region.
    pub region: RegionCode,
    /// What policies ask for.
    pub attributes: Attributes,
    /// When the request was received.
    pub received_at: Timestamp,
    /// First dispatch in this round.
    pub first_dispatched_at: Option<Timestamp>,
    /// The unit that holds it.
    pub unit_id: String,
    /// The person that holds it.
    pub handler_id: String,
}

/// What decides over new clocks: a policy set and its calendar.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The set.
    pub policy: Arc<PolicySet>,
    /// The calendar.
    pub calendar: Arc<Calendar>,
}

/// What an event needs besides itself.
pub struct Setting<'a> {
    /// Policy and calendar for new clocks.
    pub terms: &'a Terms,
    /// The calendar a running clock was started under, by `cn@1`.
    pub calendar: &'a dyn Fn(&str) -> Option<Arc<Calendar>>,
    /// The present.
    pub now: Timestamp,
    /// From when on firing is late.
    pub late_after: SignedDuration,
    /// How long an import may take to say what follows.
    pub settle_after: SignedDuration,
    /// Makes an id.
    pub new_id: &'a dyn Fn() -> Uuid,
}

/// The event cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// An instant beyond the years calendars reach.
    #[error(transparent)]
    NoDeadline(#[from] NoDeadline),
    /// The calendar version a clock was started under is gone.
    #[error("calendar {0} is not there")]
    CalendarGone(String),
}

/// The clocks of one ticket: those that run, and those that this event started or ended.
#[derive(Debug, Clone, Default)]
pub struct TicketClocks {
    /// In the order they started.
    pub clocks: Vec<Clock>,
}

impl TicketClocks {
    /// Applies an event; what happened to the clocks, in order.
    ///
    /// # Errors
    /// When no due time can be found.
    pub fn apply(&mut self, fact: &TicketFact, setting: &Setting<'_>) -> Result<Vec<Fact>, Unfit> {
        for clock in self.clocks.iter_mut().filter(|clock| clock.state == ClockState::Running) {
            clock.unit_id.clone_from(&fact.ticket.unit_id);
            clock.handler_id.clone_from(&fact.ticket.handler_id);
        }
        let mut facts = Vec::new();
        let (at, ticket) = (fact.occurred_at, &fact.ticket);
        match fact.act {
            Act::Submitted => {
                self.start(ClockKind::Handling, ticket.received_at, fact, setting, &mut facts)?;
                if ticket.pending_dispatch {
                    self.start(ClockKind::Dispatch, at, fact, setting, &mut facts)?;
                }
            }
            Act::Dispatched => self.stop(ClockKind::Dispatch, fact, setting, &mut facts)?,
            Act::Returned => {
                if ticket.pending_dispatch {
                    self.start(ClockKind::Dispatch, at, fact, setting, &mut facts)?;
                }
            }
            Act::Resolved => {
                self.cancel(ClockKind::Dispatch, "resolved without dispatch", fact, setting, &mut facts)?;
                self.stop(ClockKind::Handling, fact, setting, &mut facts)?;
                self.start(ClockKind::Callback, at, fact, setting, &mut facts)?;
            }
            Act::Closed => {
                self.stop(ClockKind::Callback, fact, setting, &mut facts)?;
                for kind in [ClockKind::Dispatch, ClockKind::Handling] {
                    self.cancel(kind, "closed without resolve", fact, setting, &mut facts)?;
                }
            }
            Act::Reopened => {
                self.stop(ClockKind::Callback, fact, setting, &mut facts)?;
                for kind in [ClockKind::Dispatch, ClockKind::Handling] {
                    self.cancel(kind, "the next round began", fact, setting, &mut facts)?;
                }
                self.start(ClockKind::Handling, at, fact, setting, &mut facts)?;
                if ticket.pending_dispatch {
                    self.start(ClockKind::Dispatch, at, fact, setting, &mut facts)?;
                }
            }
            Act::Cancelled => {
                for kind in [ClockKind::Dispatch, ClockKind::Handling, ClockKind::Callback] {
                    self.cancel(kind, "the ticket was cancelled", fact, setting, &mut facts)?;
                }
            }
            Act::Other => {}
        }
        Ok(facts)
    }

    fn start(
        &mut self,
        kind: ClockKind,
        started_at: Timestamp,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        // a clock of the kind that still runs keeps running: time used is never lost
        if self.running(kind).is_some() {
            return Ok(());
        }
        let (ticket, Terms { policy, calendar }) = (&fact.ticket, setting.terms);
        let Some(rule) = policy.select(kind, &ticket.attributes) else { return Ok(()) };
        let begin = Begin {
            id: (setting.new_id)(),
            ticket_id: ticket.id,
            ticket_number: &ticket.number,
            round: ticket.round,
            kind,
            policy: policy.id(),
            calendar: calendar.id(),
            rule,
            table: calendar.table(Some(ticket.region)),
            started_at,
            unit_id: &ticket.unit_id,
            handler_id: &ticket.handler_id,
            region: ticket.region,
            origin: fact.origin,
            settle_at: (fact.origin == Origin::Import).then(|| setting.now + setting.settle_after),
        };
        let (clock, fact) = Clock::start(begin, fact.occurred_at)?;
        self.clocks.push(clock);
        facts.push(fact);
        Ok(())
    }

    fn stop(
        &mut self,
        kind: ClockKind,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        let Some(clock) = self.running(kind) else { return Ok(()) };
        let calendar = calendar_of(clock, setting)?;
        let table: &Table = calendar.table(Some(clock.region));
        let dispatched = fact.ticket.first_dispatched_at;
        facts.extend(clock.stop(news(fact, setting), dispatched, table)?);
        Ok(())
    }

    fn cancel(
        &mut self,
        kind: ClockKind,
        reason: &'static str,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        let Some(clock) = self.running(kind) else { return Ok(()) };
        let calendar = calendar_of(clock, setting)?;
        let table = calendar.table(Some(clock.region));
        facts.extend(clock.cancel(news(fact, setting), reason, table)?);
        Ok(())
    }

    fn running(&mut self, kind: ClockKind) -> Option<&mut Clock> {
        self.clocks.iter_mut().find(|clock| clock.kind == kind && clock.state == ClockState::Running)
    }
}

fn news(fact: &TicketFact, setting: &Setting<'_>) -> News {
    News { at: fact.occurred_at, told_at: setting.now, origin: fact.origin, late_after: setting.late_after }
}

fn calendar_of(clock: &Clock, setting: &Setting<'_>) -> Result<Arc<Calendar>, Unfit> {
    (setting.calendar)(&clock.calendar).ok_or_else(|| Unfit::CalendarGone(clock.calendar.clone()))
}
