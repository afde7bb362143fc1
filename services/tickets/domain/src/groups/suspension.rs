//! 挂起. Source: T16.
//!
//! requested → active or rejected; active → ended. Where a house asks for no approval, it is active at once. One that was
//! asked for lapses when the ticket moves on.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as TicketChange, Changed, Event, RecordText},
    numbered::numbered,
    refusal::Refusal,
    rules::Rules,
    text::{Note, Reason},
    ticket::Ticket,
    vocabulary::Phase,
};
use jiff::Timestamp;
use uuid::Uuid;

numbered! {
    /// Where a suspension is.
    SuspensionState {
        /// It waits for approval; work goes on.
        Requested = 1 "requested",
        /// The ticket is suspended.
        Active = 2 "active",
        /// It was refused.
        Rejected = 3 "rejected",
        /// It is over.
        Ended = 4 "ended",
        /// The ticket moved on before it was decided.
        Lapsed = 5 "lapsed",
    }
}

/// A suspension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// UUID.
    pub id: Uuid,
    /// The round it was asked for in.
    pub round: i32,
    /// Where it is.
    pub state: SuspensionState,
    /// When the ticket goes on by itself; none: when somebody resumes it.
    pub until: Option<Timestamp>,
    /// Who asked.
    pub requested_by: Actor,
    /// When.
    pub requested_at: Timestamp,
    /// Who approved or rejected; none when no approval was needed.
    pub decided_by: Option<Actor>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suspensions {
    /// In the order they were asked for; at most one is not over.
    pub list: Vec<Suspension>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// It was asked for.
    Requested { id: Uuid, until: Option<Timestamp>, reason: Reason },
    /// It was refused.
    Rejected { id: Uuid, decision: Reason },
    /// The ticket is suspended; `reason` is empty when it was said in the request.
    Suspended { id: Uuid, until: Option<Timestamp>, reason: Note, decision: Note },
    /// It goes on.
    Resumed { id: Uuid, by_itself: bool, note: Note },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "suspension_requested",
            Self::Rejected { .. } => "suspension_rejected",
            Self::Suspended { .. } => "suspended",
            Self::Resumed { .. } => "resumed",
        }
    }
}

impl Suspensions {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.list.iter_mut().flat_map(|s| std::iter::once(&mut s.requested_by).chain(&mut s.decided_by))
    }

    /// The one that waits for approval.
    #[must_use]
    pub fn requested(&self) -> Option<&Suspension> {
        self.in_state(SuspensionState::Requested)
    }

    /// The one by which the ticket is suspended.
    #[must_use]
    pub fn active(&self) -> Option<&Suspension> {
        self.in_state(SuspensionState::Active)
    }

    fn in_state(&self, state: SuspensionState) -> Option<&Suspension> {
        self.list.iter().find(|suspension| suspension.state == state)
    }

    fn mark(&mut self, id: Uuid, mark: impl FnOnce(&mut Suspension)) {
        if let Some(suspension) = self.list.iter_mut().find(|suspension| suspension.id == id) {
            mark(suspension);
        }
    }

    /// What is over when the ticket has moved on.
    pub(crate) fn settle(&mut self, phase: Phase, at: Timestamp) {
        for suspension in &mut self.list {
            let over = match suspension.state {
                SuspensionState::Requested if phase != Phase::InProgress => SuspensionState::Lapsed,
                SuspensionState::Active if phase != Phase::Suspended => SuspensionState::Ended,
                _ => continue,
            };
            suspension.state = over;
            suspension.ended_at = Some(at);
        }
    }
}

impl Ticket {
    /// Asks for a suspension; without approval in `rules` the ticket is suspended at once.
    ///
    /// # Errors
    /// Outside `in_progress`, when `by` is not in the unit that holds it, when another waits for approval, and when
    /// `until` is not ahead or too far.
    pub fn request_suspension(
        self,
        id: Uuid,
        until: Option<Timestamp>,
        reason: Reason,
        rules: &Rules,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::RequestSuspension)?;
        self.require_holder(by)?;
        if self.groups.suspensions.requested().is_some() {
            return Err(Refusal::RequestPending);
        }
        if until.is_some_and(|until| until <= at || until.duration_since(at) > rules.longest_suspension) {
            return Err(Refusal::SuspensionUntil { days: rules.longest_suspension.as_hours() / 24 });
        }
        let text = text(id, "reason", reason.as_str());
        let change = if rules.suspension_approval {
            Change::Requested { id, until, reason }
        } else {
            let reason = Note::parse(reason.as_str()).unwrap_or_default();
            Change::Suspended { id, until, reason, decision: Note::default() }
        };
        let mut changed = self.after(by, at, TicketChange::Suspension(change));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// Approves a suspension that somebody else asked for: the ticket is suspended.
    ///
    /// # Errors
    /// Outside `in_progress`, when it does not wait for approval, was asked for by `by`, or its time is over.
    pub fn approve_suspension(
        self,
        id: Uuid,
        decision: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let until = self.judged_suspension(id, by)?.until;
        if until.is_some_and(|until| until <= at) {
            return Err(Refusal::SuspensionOver);
        }
        let text = (!decision.is_empty()).then(|| text(id, "decision", decision.as_str()));
        let change = Change::Suspended { id, until, reason: Note::default(), decision };
        let mut changed = self.after(by, at, TicketChange::Suspension(change));
        changed.texts.records.extend(text);
        Ok(changed)
    }

    /// Refuses a suspension that somebody else asked for.
    ///
    /// # Errors
    /// Outside `in_progress`, when it does not wait for approval or was asked for by `by`.
    pub fn reject_suspension(
        self,
        id: Uuid,
        decision: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.judged_suspension(id, by)?;
        let text = text(id, "decision", decision.as_str());
        let mut changed = self.after(by, at, TicketChange::Suspension(Change::Rejected { id, decision }));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// Goes on with a suspended ticket.
    ///
    /// # Errors
    /// Outside `suspended`, and when `by` is not in the unit that holds it.
    pub fn resume(self, note: Note, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Resume)?;
        self.require_holder(by)?;
        self.resumed(false, note, by, at)
    }

    /// Goes on with a suspended ticket whose time is over: as of then.
    ///
    /// # Errors
    /// Outside `suspended`, and before that time.
    pub fn resume_by_itself(self, by: &Actor, now: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Resume)?;
        let until = self.groups.suspensions.active().and_then(|suspension| suspension.until);
        match until {
            Some(until) if until <= now => self.resumed(true, Note::default(), by, until),
            _ => Err(Refusal::Phase { phase: self.phase, action: Action::Resume }),
        }
    }

    fn resumed(self, by_itself: bool, note: Note, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        let id = self.groups.suspensions.active().map_or(Uuid::nil(), |suspension| suspension.id);
        Ok(self.after(by, at, TicketChange::Suspension(Change::Resumed { id, by_itself, note })))
    }

    /// The suspension that `by` may decide about.
    fn judged_suspension(&self, id: Uuid, by: &Actor) -> Result<&Suspension, Refusal> {
        let found = self.groups.suspensions.list.iter().find(|suspension| suspension.id == id);
        let suspension = found.ok_or(Refusal::NoRecord { what: "suspension" })?;
        self.require(Action::DecideSuspension)?;
        if suspension.state != SuspensionState::Requested {
            return Err(Refusal::RecordState { what: "suspension", state: suspension.state.name() });
        }
        if suspension.requested_by.id == by.id {
            return Err(Refusal::OwnRequest);
        }
        Ok(suspension)
    }

    pub(crate) fn evolve_suspension(&mut self, event: &Event, change: &Change) {
        let (round, at) = (self.round, event.occurred_at);
        let new = |id: Uuid, until: Option<Timestamp>, state| Suspension {
            id,
            round,
            state,
            until,
            requested_by: event.actor.clone(),
            requested_at: at,
            decided_by: None,
            decided_at: None,
            ended_at: None,
        };
        let suspensions = &mut self.groups.suspensions;
        match change {
            Change::Requested { id, until, .. } => {
                suspensions.list.push(new(*id, *until, SuspensionState::Requested));
            }
            Change::Rejected { id, .. } => suspensions.mark(*id, |suspension| {
                suspension.state = SuspensionState::Rejected;
                suspension.decided_by = Some(event.actor.clone());
                suspension.decided_at = Some(at);
            }),
            Change::Suspended { id, until, .. } => {
                if suspensions.list.iter().all(|suspension| suspension.id != *id) {
                    suspensions.list.push(new(*id, *until, SuspensionState::Active));
                }
                suspensions.mark(*id, |suspension| {
                    if suspension.state == SuspensionState::Requested {
                        suspension.decided_by = Some(event.actor.clone());
                        suspension.decided_at = Some(at);
                    }
                    suspension.state = SuspensionState::Active;
                });
                self.phase = Phase::Suspended;
            }
            Change::Resumed { id, .. } => {
                suspensions.mark(*id, |suspension| {
                    suspension.state = SuspensionState::Ended;
                    suspension.ended_at = Some(at);
                });
                self.phase = Phase::InProgress;
            }
        }
    }
}

/// A text of a record.
pub(super) fn text(record: Uuid, part: &'static str, text: &str) -> RecordText {
    RecordText { record, part, text: text.to_owned() }
}
