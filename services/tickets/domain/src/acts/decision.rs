//! Routing's decision: applied, or refused because the ticket has moved on. Source: DESIGN rule 14.

use crate::{
    actor::Actor,
    change::{Change, Changed, Marks, Order},
    names::{PrincipalId, UnitId},
    text::{Note, Reason},
    ticket::Ticket,
    vocabulary::Phase,
};
use jiff::Timestamp;
use uuid::Uuid;

/// What routing decided for a version of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// UUID.
    pub id: Uuid,
    /// The version it was decided for.
    pub ticket_version: i64,
    /// Where the ticket goes.
    pub target: Target,
    /// What else it says.
    pub marks: Marks,
}

/// Where a ticket goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after what they are")]
pub enum Target {
    /// To a unit, perhaps a person.
    Unit { unit: UnitId, person: Option<PrincipalId> },
    /// To the pool of a unit, or of the dispatchers.
    Pool { unit: Option<UnitId>, reason: String, claim_limit: u32 },
    /// From a person who has it in hand to another of the same unit, or to the unit as a whole. Source: R10.
    Handover { from: PrincipalId, unit: UnitId, person: Option<PrincipalId>, reason: Reason, order: Order },
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The ticket went where it says.
    Applied(Changed),
    /// The ticket only notes that it was refused.
    Refused(Changed),
}

impl Answer {
    /// What the ticket notes either way.
    #[must_use]
    pub fn into_changed(self) -> Changed {
        match self {
            Self::Applied(changed) | Self::Refused(changed) => changed,
        }
    }
}

impl Ticket {
    /// Does what routing decided, unless the ticket is no longer as it was when the decision was made.
    #[must_use]
    pub fn decide(self, decision: Decision, by: &Actor, at: Timestamp) -> Answer {
        let Decision { id, target, marks, .. } = decision;
        let stale = match &target {
            Target::Handover { from, unit, person, .. } => self.not_with(from, unit, person.as_ref()),
            _ => self.stale(decision.ticket_version),
        };
        if let Some(reason) = stale {
            return Answer::Refused(self.after(by, at, Change::DecisionRefused { decision: id, reason }));
        }
        Answer::Applied(match target {
            Target::Unit { unit, person } => {
                let note = Note::default();
                self.after(by, at, Change::Dispatched { unit, person, decision: Some(id), marks, note })
            }
            Target::Pool { unit, reason, claim_limit } => {
                self.after(by, at, Change::Pooled { decision: Some(id), unit, marks, reason, claim_limit })
            }
            Target::Handover { unit, person, reason, order, .. } => {
                let (from, decision, order) = (unit.clone(), Some(id), Some(order));
                self.after(by, at, Change::Transferred { from, to: unit, person, reason, decision, order })
            }
        })
    }

    /// Notes that a decision cannot be followed.
    #[must_use]
    pub fn refuse_decision(self, decision: Uuid, reason: String, by: &Actor, at: Timestamp) -> Changed {
        self.after(by, at, Change::DecisionRefused { decision, reason })
    }

    /// Why a person of a unit cannot hand it over to another.
    fn not_with(&self, from: &PrincipalId, unit: &UnitId, to: Option<&PrincipalId>) -> Option<String> {
        if self.phase == Phase::PendingDispatch || !self.phase.is_in_flight() {
            Some(format!("the ticket is {}", self.phase))
        } else if self.handler.as_ref() != Some(from) {
            Some(match &self.handler {
                Some(other) => format!("{other} has the ticket in hand"),
                None => format!("{from} has the ticket in hand no longer"),
            })
        } else if self.lead_unit.as_ref() != Some(unit) {
            Some(match &self.lead_unit {
                Some(other) => format!("the ticket is with {other}"),
                None => "the ticket is with no unit".to_owned(),
            })
        } else if to == Some(from) {
            Some(format!("{from} has the ticket in hand already"))
        } else if to.is_none() && matches!(self.phase, Phase::Suspended | Phase::InReview) {
            // It goes on as in progress, where nobody could accept it.
            Some(format!("the ticket is {}: only a person can have it in hand", self.phase))
        } else {
            None
        }
    }

    /// Why a decision for `version` no longer fits.
    fn stale(&self, version: i64) -> Option<String> {
        if self.phase != Phase::PendingDispatch {
            Some(format!("the ticket is {}", self.phase))
        } else if self.arbitration {
            Some("the ticket is in arbitration".to_owned())
        } else if version < self.pending_version {
            Some(format!(
                "decided for version {version}, but the ticket came back at {}",
                self.pending_version
            ))
        } else {
            None
        }
    }
}
