//! 督办. Source: T23.
//!
//! A directive is open while its unit owes a reply, replied until a supervisor says whether that will do. It outlives the
//! ticket: nothing is resolved while a reply is owed, and one that is rejected or not judged yet when the ticket closes
//! stays owed, is listed and climbs. Cancelling the ticket withdraws it.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as What, Changed, Event, RecordText},
    names::UnitId,
    numbered::numbered,
    refusal::Refusal,
    rules::Rules,
    text::{Note, Reason, Reply},
    ticket::Ticket,
    vocabulary::Origin,
};
use jiff::Timestamp;
use uuid::Uuid;

/// How many a ticket may have, of all rounds.
pub const MOST: usize = 50;
/// How far lateness climbs: unit leader, supervising unit, centre leader.
pub const LATEST: i32 = 3;

numbered! {
    /// Where a directive is.
    DirectiveState {
        /// A reply is owed.
        Open = 1 "open",
        /// The unit replied; the supervisor has to say whether that will do.
        Replied = 2 "replied",
        /// The reply will do.
        Accepted = 3 "accepted",
        /// It was taken back.
        Withdrawn = 4 "withdrawn",
    }
}

/// A directive, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The record.
    pub id: Uuid,
    /// The round it was given in.
    pub round: i32,
    /// Where it is.
    pub state: DirectiveState,
    /// The unit that has to reply.
    pub unit: UnitId,
    /// By when.
    pub due_at: Timestamp,
    /// How far its lateness has climbed.
    pub late_level: i32,
    /// Who gave it.
    pub issued_by: Actor,
    /// When.
    pub issued_at: Timestamp,
    /// Who replied last.
    pub replied_by: Option<Actor>,
    /// When.
    pub replied_at: Option<Timestamp>,
    /// When it was accepted or withdrawn.
    pub ended_at: Option<Timestamp>,
    /// How often a reply did not do.
    pub rejected_count: i32,
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// In the order in which they were given.
    pub all: Vec<Directive>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the acts, documented there and in the contract")]
pub enum Change {
    /// It was given.
    Issued { id: Uuid, unit: UnitId, due_at: Timestamp, directive: Reason },
    /// The unit replied.
    Replied { id: Uuid, reply: Reply, late: bool },
    /// The reply will do.
    Accepted { id: Uuid, note: Note },
    /// The reply will not do.
    Rejected { id: Uuid, due_at: Timestamp, reason: Reason },
    /// It was taken back.
    Withdrawn { id: Uuid, reason: Reason },
    /// Its lateness climbed.
    Late { id: Uuid, level: i32 },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Issued { .. } => "directive_issued",
            Self::Replied { .. } => "directive_replied",
            Self::Accepted { .. } => "directive_accepted",
            Self::Rejected { .. } => "directive_rejected",
            Self::Withdrawn { .. } => "directive_withdrawn",
            Self::Late { .. } => "directive_late",
        }
    }

    const fn id(&self) -> Uuid {
        match self {
            Self::Issued { id, .. }
            | Self::Replied { id, .. }
            | Self::Accepted { id, .. }
            | Self::Rejected { id, .. }
            | Self::Withdrawn { id, .. }
            | Self::Late { id, .. } => *id,
        }
    }
}

impl Directives {
    /// Whom it names as having acted.
    pub(crate) fn actors(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.all.iter_mut().flat_map(|d| std::iter::once(&mut d.issued_by).chain(&mut d.replied_by))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&Directive> {
        self.all.iter().find(|directive| directive.id == id)
    }

    /// Whether a unit owes a reply.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.all.iter().any(|directive| directive.state == DirectiveState::Open)
    }

    /// The ticket was taken back: nobody owes anything any more.
    pub(crate) fn lapse(&mut self, at: Timestamp) {
        let owed = |d: &&mut Directive| matches!(d.state, DirectiveState::Open | DirectiveState::Replied);
        for directive in self.all.iter_mut().filter(owed) {
            directive.state = DirectiveState::Withdrawn;
            directive.ended_at = Some(at);
        }
    }
}

impl Ticket {
    /// Orders something of a unit, which has to reply by then and takes part from now on; default: the unit that has the
    /// ticket. Source: T23.
    ///
    /// # Errors
    /// Before it was submitted and when it is over, when no unit is named and none has it, when the deadline is not in the
    /// future, and when there are too many.
    pub fn issue_directive(
        self,
        id: Uuid,
        unit: Option<UnitId>,
        due_at: Timestamp,
        directive: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::IssueDirective)?;
        let unit = unit.or_else(|| self.lead_unit.clone()).ok_or(Refusal::NoUnitToDirect)?;
        if due_at <= at {
            return Err(Refusal::NotInFuture("due_at"));
        }
        if self.groups.directives.all.len() >= MOST {
            return Err(Refusal::TooMany { what: "directives", max: MOST });
        }
        let text = text(id, "directive", directive.as_str());
        let change = Change::Issued { id, unit, due_at, directive };
        Ok(self.after(by, at, What::Directive(change)).with_record_text(text))
    }

    /// Says what the unit did about it. Source: T23.
    ///
    /// # Errors
    /// When there is no such directive, when `by` may not act for its unit, and when no reply is owed.
    pub fn reply_directive(
        self,
        id: Uuid,
        reply: Reply,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let directive = self.directive(Action::ReplyDirective, id, DirectiveState::Open, |unit| {
            if by.may_act_for(unit) { Ok(()) } else { Err(Refusal::NotRecipient) }
        })?;
        let late = at > directive.due_at;
        let text = text(id, "reply", reply.as_str());
        let change = Change::Replied { id, reply, late };
        Ok(self.after(by, at, What::Directive(change)).with_record_text(text))
    }

    /// Says that the reply will do. Source: T23.
    ///
    /// # Errors
    /// When there is no such directive, and when it waits for no judgement.
    pub fn accept_directive(
        self,
        id: Uuid,
        note: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.directive(Action::JudgeDirective, id, DirectiveState::Replied, |_| Ok(()))?;
        Ok(self.after(by, at, What::Directive(Change::Accepted { id, note })))
    }

    /// Says that the reply will not do: another is owed by then, and lateness begins anew. Source: T23.
    ///
    /// # Errors
    /// When there is no such directive, when it waits for no judgement, and when the deadline is not in the future.
    pub fn reject_directive(
        self,
        id: Uuid,
        due_at: Timestamp,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.directive(Action::JudgeDirective, id, DirectiveState::Replied, |_| Ok(()))?;
        if due_at <= at {
            return Err(Refusal::NotInFuture("due_at"));
        }
        Ok(self.after(by, at, What::Directive(Change::Rejected { id, due_at, reason })))
    }

    /// Takes it back, whether it was replied to or not. Source: T23.
    ///
    /// # Errors
    /// When there is no such directive, and when it is over.
    pub fn withdraw_directive(
        self,
        id: Uuid,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        let replied = self.groups.directives.get(id).is_some_and(|d| d.state == DirectiveState::Replied);
        let state = if replied { DirectiveState::Replied } else { DirectiveState::Open };
        self.directive(Action::JudgeDirective, id, state, |_| Ok(()))?;
        Ok(self.after(by, at, What::Directive(Change::Withdrawn { id, reason })))
    }

    /// How far lateness has climbed by now: each level of each directive once, however late anybody looks; none when
    /// nothing climbed. Source: T23.
    #[must_use]
    pub fn climb_directives(self, rules: &Rules, by: &Actor, at: Timestamp) -> Option<Changed> {
        let late: Vec<(Uuid, i32)> = self
            .groups
            .directives
            .all
            .iter()
            .filter(|directive| directive.state == DirectiveState::Open)
            .flat_map(|directive| {
                let due = |level: &i32| directive.due_at.saturating_add(rules.late_after(*level));
                let levels = (directive.late_level + 1)..=LATEST;
                levels
                    .take_while(move |level| due(level).is_ok_and(|due| due <= at))
                    .map(|l| (directive.id, l))
            })
            .collect();
        let mut changed = Changed::unchanged(self);
        for (id, level) in late {
            changed = changed.then(by, at, Origin::Live, What::Directive(Change::Late { id, level }));
        }
        (!changed.steps.is_empty()).then_some(changed)
    }

    /// Refuses while a unit owes a reply to a directive.
    pub(crate) fn require_no_directive_owed(&self) -> Result<(), Refusal> {
        if self.groups.directives.is_owed() { Err(Refusal::DirectiveOwed) } else { Ok(()) }
    }

    fn directive(
        &self,
        action: Action,
        id: Uuid,
        state: DirectiveState,
        may: impl Fn(&UnitId) -> Result<(), Refusal>,
    ) -> Result<&Directive, Refusal> {
        self.require(action)?;
        self.require_texts_kept()?;
        let directive = self.groups.directives.get(id).ok_or(Refusal::NoRecord { what: "directive" })?;
        may(&directive.unit)?;
        if directive.state == state {
            Ok(directive)
        } else {
            Err(Refusal::RecordState { what: "directive", state: directive.state.name() })
        }
    }

    pub(crate) fn evolve_directive(&mut self, event: &Event, change: &Change) {
        let at = event.occurred_at;
        if let Change::Issued { id, unit, due_at, .. } = change {
            if !self.participants.contains(unit) {
                self.participants.push(unit.clone());
            }
            self.groups.directives.all.push(Directive {
                id: *id,
                round: self.round,
                state: DirectiveState::Open,
                unit: unit.clone(),
                due_at: *due_at,
                late_level: 0,
                issued_by: event.actor.clone(),
                issued_at: at,
                replied_by: None,
                replied_at: None,
                ended_at: None,
                rejected_count: 0,
            });
            return;
        }
        let id = change.id();
        let Some(directive) = self.groups.directives.all.iter_mut().find(|d| d.id == id) else { return };
        match change {
            Change::Issued { .. } => {}
            Change::Replied { .. } => {
                directive.state = DirectiveState::Replied;
                directive.replied_by = Some(event.actor.clone());
                directive.replied_at = Some(at);
            }
            Change::Accepted { .. } => {
                directive.state = DirectiveState::Accepted;
                directive.ended_at = Some(at);
            }
            Change::Rejected { due_at, .. } => {
                directive.state = DirectiveState::Open;
                directive.due_at = *due_at;
                directive.late_level = 0;
                directive.rejected_count += 1;
            }
            Change::Withdrawn { .. } => {
                directive.state = DirectiveState::Withdrawn;
                directive.ended_at = Some(at);
            }
            Change::Late { level, .. } => directive.late_level = *level,
        }
    }
}

fn text(record: Uuid, part: &'static str, text: &str) -> RecordText {
    RecordText { record, part, text: text.to_owned() }
}
