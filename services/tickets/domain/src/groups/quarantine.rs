//! 隔离区: requests of customers whom nobody has verified wait. Source: T12.

use crate::{
    action::Action,
    actor::Actor,
    acts::intake::{Intake, New},
    change::{Change as TicketChange, Changed, Event, Marks},
    names::UnitId,
    refusal::Refusal,
    text::{Body, BodySoFar, Note, Reason, Subject, SubjectSoFar},
    ticket::Ticket,
    vocabulary::{Origin, Phase},
};
use jiff::Timestamp;

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// Until when its customer has time; none when it does not wait.
    pub until: Option<Timestamp>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// It waits for its customer to be verified.
    Quarantined { until: Timestamp, subject: SubjectSoFar, body: BodySoFar },
    /// The customer was verified: as submitted from here on.
    Verified { unit: Option<UnitId> },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Quarantined { .. } => "quarantined",
            Self::Verified { .. } => "verified",
        }
    }
}

impl Ticket {
    /// Takes a request down that waits for its customer to be verified: nothing is routed, no clock runs.
    #[must_use]
    pub fn quarantined(new: New, intake: Intake, until: Timestamp, by: &Actor, at: Timestamp) -> Changed {
        let (subject, body) = (intake.subject.clone(), intake.body.clone());
        let change = TicketChange::Quarantine(Change::Quarantined { until, subject, body });
        Self::begin(new, intake, by, at, Origin::Live, change)
    }

    /// As [`Self::quarantined`], with a draft.
    ///
    /// # Errors
    /// When it is none, or does not say all that is needed.
    pub fn quarantine(
        self,
        subject: Subject,
        body: Body,
        until: Timestamp,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Submit)?;
        self.require_complete()?;
        let (subject, body) = (SubjectSoFar::from(subject), BodySoFar::from(body));
        let texts = (subject.clone(), body.clone());
        let mut changed =
            self.after(by, at, TicketChange::Quarantine(Change::Quarantined { until, subject, body }));
        changed.texts.request = Some(texts);
        Ok(changed)
    }

    /// The customer is verified: it goes to the designated unit by itself, or is routed when there is none.
    ///
    /// # Errors
    /// When it does not wait in the quarantine.
    pub fn verify(self, unit: Option<UnitId>, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Verify)?;
        let verified = self.after(by, at, TicketChange::Quarantine(Change::Verified { unit: unit.clone() }));
        let Some(unit) = unit else { return Ok(verified) };
        let (marks, note) = (Marks::default(), Note::default());
        let dispatched = TicketChange::Dispatched { unit, person: None, decision: None, marks, note };
        Ok(verified.then(by, at, Origin::Live, dispatched))
    }

    /// Nobody was verified in time.
    ///
    /// # Errors
    /// When it does not wait in the quarantine.
    pub fn expire(self, reason: Reason, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Expire)?;
        Ok(self.after(by, at, TicketChange::Cancelled { reason }))
    }

    pub(crate) fn evolve_quarantine(&mut self, event: &Event, change: &Change) {
        match change {
            Change::Quarantined { until, .. } => {
                self.phase = Phase::Quarantined;
                self.groups.quarantine.until = Some(*until);
            }
            Change::Verified { .. } => {
                self.groups.quarantine.until = None;
                self.submitted_at = Some(event.occurred_at);
                self.pend();
            }
        }
    }
}
