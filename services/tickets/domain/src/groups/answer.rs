//! 直接答复. Source: T3.

use crate::{
    action::Action,
    actor::Actor,
    acts::intake::{Intake, New},
    change::{Change as What, Changed, Event},
    refusal::Refusal,
    text::{Body, Reply, RootCause, Subject},
    ticket::{Resolution, Ticket},
    vocabulary::{CloseReason, Origin, Outcome, Phase},
};
use jiff::Timestamp;

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// It was answered at intake: resolved at the first contact.
    pub first_contact: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was answered at intake and closed.
    Answered {
        /// What came of it.
        outcome: Outcome,
        /// From receipt to the answer.
        elapsed_seconds: i64,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answered { .. } => "answered",
        }
    }
}

impl Ticket {
    /// Takes a request down, answers it and closes it. Source: T3.
    #[must_use]
    pub fn answered(
        new: New,
        intake: Intake,
        outcome: Outcome,
        reply: Reply,
        by: &Actor,
        at: Timestamp,
    ) -> Changed {
        let elapsed_seconds = at.duration_since(intake.received_at).as_secs().max(0);
        let change = What::Answer(Change::Answered { outcome, elapsed_seconds });
        let mut changed = Self::begin(new, intake, by, at, Origin::Live, change);
        changed.texts.resolution = Some((None, RootCause::default(), reply));
        changed
    }

    /// Answers a draft and closes it; its texts travel in the event. Source: T3.
    ///
    /// # Errors
    /// When it is none, or does not say all that is needed.
    pub fn answer(
        self,
        (subject, body): (Subject, Body),
        outcome: Outcome,
        reply: Reply,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Answer)?;
        self.require_complete()?;
        let elapsed_seconds = at.duration_since(self.received_at).as_secs().max(0);
        let mut changed = self.after(by, at, What::Answer(Change::Answered { outcome, elapsed_seconds }));
        changed.texts.request = Some((subject.into(), body.into()));
        changed.texts.resolution = Some((None, RootCause::default(), reply));
        Ok(changed)
    }

    pub(crate) fn evolve_answer(&mut self, event: &Event, change: &Change) {
        let Change::Answered { outcome, .. } = change;
        let at = Some(event.occurred_at);
        self.phase = Phase::Closed;
        (self.submitted_at, self.resolved_at, self.closed_at) = (at, at, at);
        self.close_reason = Some(CloseReason::Answered);
        self.resolution =
            Some(Resolution { outcome: *outcome, responsible_unit: None, resolved_by: event.actor.clone() });
        self.groups.answer.first_contact = true;
    }
}
