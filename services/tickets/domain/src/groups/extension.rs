//! 延时申请. Source: T17.
//!
//! requested → approved or rejected. One that was asked for lapses when the round is over before it was decided.

use super::suspension::text;
use crate::{
    action::Action,
    actor::Actor,
    change::{Change as TicketChange, Changed, Event},
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
    /// Where an extension is.
    ExtensionState {
        /// It waits for approval.
        Requested = 1 "requested",
        /// The deadline moved.
        Approved = 2 "approved",
        /// It was refused.
        Rejected = 3 "rejected",
        /// The round was over before it was decided.
        Lapsed = 4 "lapsed",
    }
}

/// A later deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// UUID.
    pub id: Uuid,
    /// The round it was asked for in.
    pub round: i32,
    /// Where it is.
    pub state: ExtensionState,
    /// The deadline when it was asked for.
    pub due_before: Timestamp,
    /// The deadline that is asked for.
    pub requested_until: Timestamp,
    /// The deadline that was approved.
    pub approved_until: Option<Timestamp>,
    /// Who asked.
    pub requested_by: Actor,
    /// When.
    pub requested_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<Actor>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// In the order they were asked for; at most one waits.
    pub list: Vec<Extension>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// It was asked for.
    Requested { id: Uuid, due_before: Timestamp, requested_until: Timestamp, reason: Reason },
    /// The deadline moved.
    Approved { id: Uuid, approved_until: Timestamp, decision: Note },
    /// It was refused.
    Rejected { id: Uuid, decision: Reason },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "extension_requested",
            Self::Approved { .. } => "extension_approved",
            Self::Rejected { .. } => "extension_rejected",
        }
    }
}

impl Extensions {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.list.iter_mut().flat_map(|e| std::iter::once(&mut e.requested_by).chain(&mut e.decided_by))
    }

    /// The one that waits for approval.
    #[must_use]
    pub fn requested(&self) -> Option<&Extension> {
        self.list.iter().find(|extension| extension.state == ExtensionState::Requested)
    }

    /// How many were approved in a round.
    #[must_use]
    pub fn approved_in(&self, round: i32) -> usize {
        let approved =
            |extension: &&Extension| extension.round == round && extension.state == ExtensionState::Approved;
        self.list.iter().filter(approved).count()
    }

    fn decide(&mut self, id: Uuid, state: ExtensionState, event: &Event) -> Option<&mut Extension> {
        let extension = self.list.iter_mut().find(|extension| extension.id == id)?;
        extension.state = state;
        extension.decided_by = Some(event.actor.clone());
        extension.decided_at = Some(event.occurred_at);
        Some(extension)
    }

    /// What is over when the ticket has moved on.
    pub(crate) fn settle(&mut self, phase: Phase) {
        if !phase.is_in_flight() {
            let waiting = self.list.iter_mut().filter(|e| e.state == ExtensionState::Requested);
            waiting.for_each(|extension| extension.state = ExtensionState::Lapsed);
        }
    }
}

impl Ticket {
    /// Asks for a later deadline. `due` is the present one.
    ///
    /// # Errors
    /// Outside `in_progress`, when `by` is not in the unit that holds it, when no deadline is known or it has passed, when
    /// `until` is not after it, when another waits for approval, and when as many were approved in this round as may be.
    pub fn request_extension(
        self,
        id: Uuid,
        until: Timestamp,
        reason: Reason,
        due: Option<Timestamp>,
        rules: &Rules,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::RequestExtension)?;
        self.require_holder(by)?;
        let due = due.ok_or(Refusal::DeadlineUnknown)?;
        if due < at {
            return Err(Refusal::DeadlinePassed { due });
        }
        if self.groups.extensions.requested().is_some() {
            return Err(Refusal::RequestPending);
        }
        if self.groups.extensions.approved_in(self.round) >= rules.max_extensions {
            return Err(Refusal::ExtensionsUsedUp { most: rules.max_extensions });
        }
        if until <= due {
            return Err(Refusal::NotLater { field: "until", due });
        }
        let text = text(id, "reason", reason.as_str());
        let change = Change::Requested { id, due_before: due, requested_until: until, reason };
        let mut changed = self.after(by, at, TicketChange::Extension(change));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// Grants a later deadline that somebody else asked for: as asked, or an earlier one. It was asked for in time; that
    /// it is answered after the deadline does no harm, as long as the new one is ahead.
    ///
    /// # Errors
    /// When the round is over, it does not wait for approval, was asked for by `by`, or when `until` is neither ahead nor
    /// later than what it was, or later than what was asked for.
    pub fn approve_extension(
        self,
        id: Uuid,
        until: Option<Timestamp>,
        decision: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let extension = self.judged_extension(id, by)?;
        let approved_until = until.unwrap_or(extension.requested_until);
        let least = extension.due_before.max(at);
        if approved_until <= least {
            return Err(Refusal::NotLater { field: "until", due: least });
        }
        if approved_until > extension.requested_until {
            return Err(Refusal::LaterThanAsked { asked: extension.requested_until });
        }
        let text = (!decision.is_empty()).then(|| text(id, "decision", decision.as_str()));
        let change = Change::Approved { id, approved_until, decision };
        let mut changed = self.after(by, at, TicketChange::Extension(change));
        changed.texts.records.extend(text);
        Ok(changed)
    }

    /// Refuses a later deadline that somebody else asked for.
    ///
    /// # Errors
    /// When the round is over, it does not wait for approval or was asked for by `by`.
    pub fn reject_extension(
        self,
        id: Uuid,
        decision: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.judged_extension(id, by)?;
        let text = text(id, "decision", decision.as_str());
        let mut changed = self.after(by, at, TicketChange::Extension(Change::Rejected { id, decision }));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// The extension that `by` may decide about.
    fn judged_extension(&self, id: Uuid, by: &Actor) -> Result<&Extension, Refusal> {
        let found = self.groups.extensions.list.iter().find(|extension| extension.id == id);
        let extension = found.ok_or(Refusal::NoRecord { what: "extension" })?;
        self.require(Action::DecideExtension)?;
        if extension.state != ExtensionState::Requested {
            return Err(Refusal::RecordState { what: "extension", state: extension.state.name() });
        }
        if extension.requested_by.id == by.id {
            return Err(Refusal::OwnRequest);
        }
        Ok(extension)
    }

    pub(crate) fn evolve_extension(&mut self, event: &Event, change: &Change) {
        let extensions = &mut self.groups.extensions;
        match change {
            Change::Requested { id, due_before, requested_until, .. } => extensions.list.push(Extension {
                id: *id,
                round: self.round,
                state: ExtensionState::Requested,
                due_before: *due_before,
                requested_until: *requested_until,
                approved_until: None,
                requested_by: event.actor.clone(),
                requested_at: event.occurred_at,
                decided_by: None,
                decided_at: None,
            }),
            Change::Approved { id, approved_until, .. } => {
                if let Some(extension) = extensions.decide(*id, ExtensionState::Approved, event) {
                    extension.approved_until = Some(*approved_until);
                }
            }
            Change::Rejected { id, .. } => {
                extensions.decide(*id, ExtensionState::Rejected, event);
            }
        }
    }
}
