//! 协办. Source: T14.
//!
//! owed → replied, declined or waived. The lead resolves when none is owed.

use super::suspension::text;
use crate::{
    action::Action,
    actor::Actor,
    change::{Change as TicketChange, Changed, Event},
    names::UnitId,
    numbered::numbered,
    refusal::Refusal,
    text::{Reason, Reply},
    ticket::Ticket,
    vocabulary::Phase,
};
use jiff::Timestamp;
use uuid::Uuid;

numbered! {
    /// Where the work of an assisting unit is.
    AssistState {
        /// The unit owes a reply.
        Owed = 1 "owed",
        /// It replied.
        Replied = 2 "replied",
        /// It declined.
        Declined = 3 "declined",
        /// The lead does without, or the ticket is over.
        Waived = 4 "waived",
    }
}

/// What an assisting unit is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assist {
    /// UUID.
    pub id: Uuid,
    /// The round it was asked for in.
    pub round: i32,
    /// The unit that helps.
    pub unit: UnitId,
    /// Where it is.
    pub state: AssistState,
    /// By when; none: what the policy gives, which the clock knows.
    pub due_at: Option<Timestamp>,
    /// Who asked.
    pub requested_by: Actor,
    /// When.
    pub requested_at: Timestamp,
    /// Who replied, declined or waived.
    pub ended_by: Option<Actor>,
    /// When.
    pub ended_at: Option<Timestamp>,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assists {
    /// In the order they were asked for.
    pub list: Vec<Assist>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// A unit was asked to help.
    Requested { id: Uuid, unit: UnitId, due_at: Option<Timestamp>, request: Reason },
    /// It replied.
    Replied { id: Uuid, unit: UnitId, reply: Reply },
    /// It declined.
    Declined { id: Uuid, unit: UnitId, reason: Reason },
    /// The lead does without.
    Waived { id: Uuid, unit: UnitId, reason: Reason },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "assist_requested",
            Self::Replied { .. } => "assist_replied",
            Self::Declined { .. } => "assist_declined",
            Self::Waived { .. } => "assist_waived",
        }
    }
}

impl Assists {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.list.iter_mut().flat_map(|a| std::iter::once(&mut a.requested_by).chain(&mut a.ended_by))
    }

    /// Those that are owed.
    pub fn owed(&self) -> impl Iterator<Item = &Assist> {
        self.list.iter().filter(|assist| assist.state == AssistState::Owed)
    }

    fn end(&mut self, id: Uuid, state: AssistState, event: &Event) {
        for assist in self.list.iter_mut().filter(|assist| assist.id == id) {
            assist.state = state;
            assist.ended_by = Some(event.actor.clone());
            assist.ended_at = Some(event.occurred_at);
        }
    }

    /// What is over when the ticket has moved on.
    pub(crate) fn settle(&mut self, phase: Phase, event: &Event) {
        if !phase.is_in_flight() {
            let owed: Vec<Uuid> = self.owed().map(|assist| assist.id).collect();
            owed.into_iter().for_each(|id| self.end(id, AssistState::Waived, event));
        }
    }
}

impl Ticket {
    /// Refuses what a ticket may not go to while a unit still owes its help. Source: T14.
    ///
    /// # Errors
    /// Names the units.
    pub(crate) fn require_no_assist_owed(&self) -> Result<(), Refusal> {
        let units: Vec<UnitId> = self.groups.assists.owed().map(|assist| assist.unit.clone()).collect();
        if units.is_empty() { Ok(()) } else { Err(Refusal::AssistOwed { units }) }
    }

    /// Asks another unit to help, which takes part from then on.
    ///
    /// # Errors
    /// Outside `in_progress`, when `by` is not in the unit that holds it, when that unit is asked or the one asked owes
    /// already, and when the deadline is not ahead.
    pub fn request_assist(
        self,
        id: Uuid,
        unit: UnitId,
        due_at: Option<Timestamp>,
        request: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::RequestAssist)?;
        if self.require_holder(by)? == unit {
            return Err(Refusal::SameUnit(unit));
        }
        if self.groups.assists.owed().any(|assist| assist.unit == unit) {
            return Err(Refusal::AssistOwed { units: vec![unit] });
        }
        if let Some(due) = due_at.filter(|due| *due <= at) {
            return Err(Refusal::NotLater { field: "due_at", due: due.max(at) });
        }
        let text = text(id, "request", request.as_str());
        let change = Change::Requested { id, unit, due_at, request };
        let mut changed = self.after(by, at, TicketChange::Assist(change));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// Replies for the unit that was asked.
    ///
    /// # Errors
    /// When the ticket is not in flight, the reply is not owed, or `by` is not in that unit.
    pub fn reply_assist(self, id: Uuid, reply: Reply, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        let unit = self.owed_assist(id, Action::ReplyAssist)?;
        require_member(&unit, by)?;
        let text = text(id, "reply", reply.as_str());
        let mut changed = self.after(by, at, TicketChange::Assist(Change::Replied { id, unit, reply }));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// Declines for the unit that was asked.
    ///
    /// # Errors
    /// As [`Ticket::reply_assist`].
    pub fn decline_assist(
        self,
        id: Uuid,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let unit = self.owed_assist(id, Action::ReplyAssist)?;
        require_member(&unit, by)?;
        let text = text(id, "reply", reason.as_str());
        let mut changed = self.after(by, at, TicketChange::Assist(Change::Declined { id, unit, reason }));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// Does without the unit that was asked.
    ///
    /// # Errors
    /// Outside `in_progress` and `suspended`, when the reply is not owed, or `by` is not in the unit that holds the ticket.
    pub fn waive_assist(
        self,
        id: Uuid,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let unit = self.owed_assist(id, Action::WaiveAssist)?;
        self.require_holder(by)?;
        let text = text(id, "reply", reason.as_str());
        let mut changed = self.after(by, at, TicketChange::Assist(Change::Waived { id, unit, reason }));
        changed.texts.records.push(text);
        Ok(changed)
    }

    /// The unit that owes it.
    fn owed_assist(&self, id: Uuid, action: Action) -> Result<UnitId, Refusal> {
        let found = self.groups.assists.list.iter().find(|assist| assist.id == id);
        let assist = found.ok_or(Refusal::NoRecord { what: "assist" })?;
        self.require(action)?;
        match assist.state {
            AssistState::Owed => Ok(assist.unit.clone()),
            over => Err(Refusal::RecordState { what: "assist", state: over.name() }),
        }
    }

    pub(crate) fn evolve_assist(&mut self, event: &Event, change: &Change) {
        let assists = &mut self.groups.assists;
        match change {
            Change::Requested { id, unit, due_at, .. } => {
                assists.list.push(Assist {
                    id: *id,
                    round: self.round,
                    unit: unit.clone(),
                    state: AssistState::Owed,
                    due_at: *due_at,
                    requested_by: event.actor.clone(),
                    requested_at: event.occurred_at,
                    ended_by: None,
                    ended_at: None,
                });
                if !self.participants.contains(unit) {
                    self.participants.push(unit.clone());
                }
            }
            Change::Replied { id, .. } => assists.end(*id, AssistState::Replied, event),
            Change::Declined { id, .. } => assists.end(*id, AssistState::Declined, event),
            Change::Waived { id, .. } => assists.end(*id, AssistState::Waived, event),
        }
    }
}

fn require_member(unit: &UnitId, by: &Actor) -> Result<(), Refusal> {
    if by.may_act_for(unit) { Ok(()) } else { Err(Refusal::NotAsked(unit.clone())) }
}
