//! What ticket events do to a ticket's clocks. Source: S3.
//!
//! - dispatch: from submission, return, escalation to nobody or reopening until the ticket is dispatched, claimed or
//!   escalated to a unit;
//! - first response: from receipt until the first act of a member of staff;
//! - accept: from each dispatch until who got it takes it on;
//! - handling: from receipt (later rounds: from the reopening) until it is resolved;
//! - callback: from resolve until it is closed or reopened;
//! - assist, review, supervision: one for each record that is owed, until it is met or owed no more.
//!
//! Suspension pauses the clocks whose policy says so; a merge cancels all, and undoing it restores them. When what
//! policies ask for changes (priority, type, item, region, …), what is left of running clocks moves.

mod facts;

pub use facts::{Act, Ticket, TicketFact};

use crate::{
    Amount, ClockKind, Origin,
    calendar::{Calendar, Table},
    clock::{Begin, CancelReason, Cause, Clock, ClockState, Fact, NewTerms, News, NoDeadline},
    policy::{Attributes, PolicySet, Rule, When, default_warn_percent},
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

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
    /// The policy set a running clock was started under, by `hotline@1`: for clocks whose tickets changed.
    pub policy: &'a dyn Fn(&str) -> Option<Arc<PolicySet>>,
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
    /// The version of the policy set a clock was started under is gone.
    #[error("policy set {0} is not there")]
    PolicyGone(String),
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
        let mut facts = self.follow(fact, setting)?;
        let (at, ticket) = (fact.occurred_at, &fact.ticket);
        if fact.responds {
            self.stop(ClockKind::FirstResponse, None, fact, setting, &mut facts)?;
        }
        match &fact.act {
            Act::Submitted if ticket.quarantined => {}
            Act::Submitted => {
                self.begin_round(ticket.received_at, fact, setting, &mut facts)?;
                self.await_response(ticket.received_at, fact, setting, &mut facts)?;
            }
            Act::Verified => {
                self.begin_round(at, fact, setting, &mut facts)?;
                self.await_response(at, fact, setting, &mut facts)?;
            }
            Act::Dispatched => {
                self.stop(ClockKind::Dispatch, None, fact, setting, &mut facts)?;
                self.hand_over(fact, setting, &mut facts)?;
            }
            Act::Accepted => self.stop(ClockKind::Accept, None, fact, setting, &mut facts)?,
            Act::Transferred => self.hand_over(fact, setting, &mut facts)?,
            Act::Returned => {
                self.not_accepted(fact, setting, &mut facts)?;
                if ticket.pending_dispatch {
                    self.start(ClockKind::Dispatch, at, None, fact, setting, &mut facts)?;
                }
            }
            Act::Resolved => {
                let reason = CancelReason::ResolvedWithoutDispatch;
                self.cancel(|clock| clock.kind == ClockKind::Dispatch, reason, fact, setting, &mut facts)?;
                self.stop(ClockKind::FirstResponse, None, fact, setting, &mut facts)?;
                let owed = |clock: &Clock| {
                    matches!(clock.kind, ClockKind::Assist | ClockKind::Review | ClockKind::Accept)
                };
                self.cancel(owed, CancelReason::RoundResolved, fact, setting, &mut facts)?;
                self.stop(ClockKind::Handling, None, fact, setting, &mut facts)?;
                self.start(ClockKind::Callback, at, None, fact, setting, &mut facts)?;
            }
            Act::Closed => {
                self.stop(ClockKind::Callback, None, fact, setting, &mut facts)?;
                self.cancel(|_| true, CancelReason::ClosedWithoutResolve, fact, setting, &mut facts)?;
            }
            Act::Reopened => {
                self.stop(ClockKind::Callback, None, fact, setting, &mut facts)?;
                let of_round = |clock: &Clock| clock.kind != ClockKind::Supervision;
                self.cancel(of_round, CancelReason::NextRound, fact, setting, &mut facts)?;
                self.begin_round(at, fact, setting, &mut facts)?;
            }
            Act::Cancelled => {
                self.cancel(|_| true, CancelReason::TicketCancelled, fact, setting, &mut facts)?;
            }
            Act::Merged => self.cancel(|_| true, CancelReason::Merged, fact, setting, &mut facts)?,
            Act::MergeUndone => {
                facts.extend(self.clocks.iter_mut().flat_map(|clock| clock.restore(news(fact, setting))));
            }
            Act::Suspended => {
                let open = self.clocks.iter_mut().filter(|clock| clock.state == ClockState::Running);
                facts.extend(open.flat_map(|clock| clock.pause(news(fact, setting))));
            }
            Act::Resumed => {
                for clock in self.clocks.iter_mut().filter(|clock| clock.is_open()) {
                    let calendar = calendar_of(clock, setting)?;
                    let table = calendar.table(Some(clock.region));
                    facts.extend(clock.resume(news(fact, setting), table)?);
                }
            }
            Act::Extended { due_at } => {
                if let Some(clock) = self.open(ClockKind::Handling, None) {
                    let calendar = calendar_of(clock, setting)?;
                    let table = calendar.table(Some(clock.region));
                    facts.extend(clock.extend(*due_at, news(fact, setting), table)?);
                }
            }
            Act::Owed { kind, record_id, unit_id, due_at } => {
                let owed = Owed { record_id: Some(*record_id), unit_id, due_at: *due_at };
                self.start(*kind, at, Some(owed), fact, setting, &mut facts)?;
            }
            Act::Met { kind, record_id } => self.stop(*kind, Some(*record_id), fact, setting, &mut facts)?,
            Act::Renewed { kind, record_id, unit_id } => {
                self.stop(*kind, Some(*record_id), fact, setting, &mut facts)?;
                let owed = Owed { record_id: Some(*record_id), unit_id, due_at: None };
                self.start(*kind, at, Some(owed), fact, setting, &mut facts)?;
            }
            Act::Released { kind, record_id, reason } => {
                let it = |clock: &Clock| clock.kind == *kind && clock.record_id == Some(*record_id);
                self.cancel(it, *reason, fact, setting, &mut facts)?;
            }
            Act::Other => {}
        }
        Ok(facts)
    }

    /// Who holds the ticket, and what policies ask of it, as the event left them; what is left of its clocks moves when
    /// other terms follow. Source: S7.
    fn follow(&mut self, fact: &TicketFact, setting: &Setting<'_>) -> Result<Vec<Fact>, Unfit> {
        let (ticket, mut facts) = (&fact.ticket, Vec::new());
        for clock in self.clocks.iter_mut().filter(|clock| clock.is_open()) {
            // who did not accept it answers for that, whoever has it now
            let handed_on = matches!(fact.act, Act::Dispatched | Act::Transferred | Act::Returned);
            let ends = clock.kind == ClockKind::Accept && handed_on;
            if !clock.kind.is_of_another() && !ends {
                clock.unit_id.clone_from(&ticket.unit_id);
                clock.handler_id.clone_from(&ticket.handler_id);
            }
            let other = ticket.moves(clock);
            // another default changes nothing for clocks that run
            let named = clock.subject.as_ref().is_some_and(|known| known.policy_set != ticket.policy_set);
            let subject = ticket.subject(clock.subject.as_ref());
            let attributes = Attributes { region: Some(ticket.region), ..subject.attributes.clone() };
            clock.subject = Some(subject);
            if other {
                facts.extend(lay_on_terms_of(clock, (&attributes, named), fact, setting)?);
                clock.region = ticket.region;
            }
        }
        Ok(facts)
    }

    /// Somebody else has to accept it now.
    fn hand_over(
        &mut self,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        if fact.ticket.unaccepted {
            self.not_accepted(fact, setting, facts)?;
            self.start(ClockKind::Accept, fact.occurred_at, None, fact, setting, facts)
        } else {
            self.stop(ClockKind::Accept, None, fact, setting, facts)
        }
    }

    fn not_accepted(
        &mut self,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        let accept = |clock: &Clock| clock.kind == ClockKind::Accept;
        self.cancel(accept, CancelReason::NotAccepted, fact, setting, facts)
    }

    fn begin_round(
        &mut self,
        from: Timestamp,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        self.start(ClockKind::Handling, from, None, fact, setting, facts)?;
        if fact.ticket.pending_dispatch {
            self.start(ClockKind::Dispatch, fact.occurred_at, None, fact, setting, facts)?;
        }
        Ok(())
    }

    /// The first response is owed by what the policy says, or else by the standard of the channel; by neither when
    /// whoever took the request down spoke with the customer, or when it is of the past: nobody knows who responded.
    fn await_response(
        &mut self,
        from: Timestamp,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        let kind = ClockKind::FirstResponse;
        if fact.responds || fact.origin == Origin::Import {
            return Ok(());
        }
        let ruled = setting.terms.policy.select(kind, &fact.ticket.attributes).is_some();
        let due_at = fact.ticket.response.filter(|_| !ruled).and_then(|time| from.checked_add(time).ok());
        if !ruled && due_at.is_none() {
            return Ok(());
        }
        let owed = Owed { record_id: None, unit_id: "", due_at };
        self.start(kind, from, Some(owed), fact, setting, facts)
    }

    fn start(
        &mut self,
        kind: ClockKind,
        started_at: Timestamp,
        owed: Option<Owed<'_>>,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        // a clock of the kind that still runs keeps running: time used is never lost
        if self.open(kind, owed.as_ref().and_then(|owed| owed.record_id)).is_some() {
            return Ok(());
        }
        let (ticket, Terms { policy, calendar }) = (&fact.ticket, setting.terms);
        let due_at = owed.as_ref().and_then(|owed| owed.due_at);
        let given;
        let (position, rule) = match (policy.select(kind, &ticket.attributes), due_at) {
            (Some((position, rule)), _) => (Some(position), rule),
            (None, None) => return Ok(()),
            (None, Some(_)) => {
                given = rule_of_its_own(kind);
                (None, &given)
            }
        };
        let (unit_id, handler_id) = match &owed {
            Some(owed) if !owed.unit_id.is_empty() => (owed.unit_id, ""),
            _ => (ticket.unit_id.as_str(), ticket.handler_id.as_str()),
        };
        let begin = Begin {
            id: (setting.new_id)(),
            ticket_id: ticket.id,
            ticket_number: &ticket.number,
            round: ticket.round,
            kind,
            record_id: owed.as_ref().and_then(|owed| owed.record_id),
            due_at,
            policy: policy.id(),
            calendar: calendar.id(),
            rule,
            position,
            table: calendar.table(Some(ticket.region)),
            started_at,
            subject: ticket.subject(None),
            unit_id,
            handler_id,
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
        record_id: Option<Uuid>,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        let Some(clock) = self.open(kind, record_id) else { return Ok(()) };
        let calendar = calendar_of(clock, setting)?;
        let table: &Table = calendar.table(Some(clock.region));
        let dispatched = fact.ticket.first_dispatched_at;
        facts.extend(clock.stop(news(fact, setting), dispatched, table)?);
        Ok(())
    }

    fn cancel(
        &mut self,
        which: impl Fn(&Clock) -> bool,
        reason: CancelReason,
        fact: &TicketFact,
        setting: &Setting<'_>,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Unfit> {
        for clock in self.clocks.iter_mut().filter(|clock| clock.is_open() && which(clock)) {
            let calendar = calendar_of(clock, setting)?;
            let table = calendar.table(Some(clock.region));
            facts.extend(clock.cancel(news(fact, setting), reason, table)?);
        }
        Ok(())
    }

    fn open(&mut self, kind: ClockKind, record_id: Option<Uuid>) -> Option<&mut Clock> {
        let it = |clock: &&mut Clock| clock.kind == kind && clock.record_id == record_id && clock.is_open();
        self.clocks.iter_mut().find(it)
    }
}

/// What is owed by a deadline of its own.
struct Owed<'a> {
    record_id: Option<Uuid>,
    unit_id: &'a str,
    due_at: Option<Timestamp>,
}

/// For a deadline that somebody gave and no rule speaks of.
fn rule_of_its_own(kind: ClockKind) -> Rule {
    Rule {
        clock: kind,
        when: When::default(),
        amount: Amount::Elapsed { seconds: 1 },
        // a channel's standard is a matter of seconds: nobody could be warned in time
        warn_percent: if kind == ClockKind::FirstResponse { Vec::new() } else { default_warn_percent() },
        on_suspension: None,
    }
}

/// Other terms for a clock whose ticket changed: by its own version of its policy set, or the newest of another set that
/// its ticket asks for now. One that no rule speaks of any more stays as it is.
fn lay_on_terms_of(
    clock: &mut Clock,
    (attributes, another_set): (&Attributes, bool),
    fact: &TicketFact,
    setting: &Setting<'_>,
) -> Result<Vec<Fact>, Unfit> {
    let own = calendar_of(clock, setting)?;
    let (policy, calendar) = if !another_set || clock.is_under(&setting.terms.policy.key) {
        match (setting.policy)(&clock.policy) {
            Some(policy) => (policy, Arc::clone(&own)),
            None => return Err(Unfit::PolicyGone(clock.policy.clone())),
        }
    } else {
        (Arc::clone(&setting.terms.policy), Arc::clone(&setting.terms.calendar))
    };
    let Some((position, rule)) = policy.select(clock.kind, attributes) else { return Ok(Vec::new()) };
    let region = fact.ticket.region;
    let (policy, calendar_id) = (policy.id(), calendar.id());
    let terms = NewTerms {
        policy: &policy,
        rule,
        position: Some(position),
        calendar: &calendar_id,
        table: calendar.table(Some(region)),
        region,
    };
    let table = own.table(Some(clock.region));
    Ok(clock.recalculate(&terms, table, news(fact, setting), Cause::Ticket)?)
}

fn news(fact: &TicketFact, setting: &Setting<'_>) -> News {
    News { at: fact.occurred_at, told_at: setting.now, origin: fact.origin, late_after: setting.late_after }
}

fn calendar_of(clock: &Clock, setting: &Setting<'_>) -> Result<Arc<Calendar>, Unfit> {
    (setting.calendar)(&clock.calendar).ok_or_else(|| Unfit::CalendarGone(clock.calendar.clone()))
}
