//! The ticket.

use crate::{
    action::Action,
    actor::Actor,
    acts::erase::Personal,
    change::{Change, Changed, Event, Texts},
    groups::Groups,
    names::{ExternalSource, PrincipalId, UnitId},
    queues::Doer,
    refusal::Refusal,
    text::ExternalId,
    vocabulary::{
        Channel, CloseReason, Impact, Origin, Outcome, Phase, PrincipalKind, Priority, TicketType, UrgeLevel,
        Urgency,
    },
};
use gongdan_region::RegionCode;
use jiff::Timestamp;
use uuid::Uuid;

/// One request and what became of it, without free texts and personal data: what an event carries as state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// UUIDv7.
    pub id: Uuid,
    /// For people.
    pub number: String,
    /// +1 per event, from 1.
    pub version: i64,
    /// Where it is in its life.
    pub phase: Phase,
    /// 1, and +1 per reopening.
    pub round: i32,
    /// What kind of request.
    pub kind: TicketType,
    /// Key of the catalogue item.
    pub item: String,
    /// Keys of the item's first and second level.
    pub item_path: Vec<String>,
    /// The catalogue version it was created with.
    pub catalogue_version: i32,
    /// Where.
    pub region: RegionCode,
    /// How it came in.
    pub channel: Channel,
    /// How soon it hurts.
    pub urgency: Urgency,
    /// How many it hurts.
    pub impact: Impact,
    /// What comes first.
    pub priority: Priority,
    /// The matrix version that gave the priority; 0 when overridden.
    pub priority_matrix_version: i32,
    /// Why the priority was overridden; empty if it was not.
    pub priority_reason: String,
    /// Whose request; none when anonymous.
    pub customer_id: Option<Uuid>,
    /// Needs a right of its own to be seen.
    pub sensitive: bool,
    /// The reporter is not to be known to those who handle it. Source: T36.
    pub confidential: bool,
    /// Live, or recorded from the past.
    pub origin: Origin,
    /// Where it came from, if from another system.
    pub external: Option<External>,
    /// Who answers for it.
    pub lead_unit: Option<UnitId>,
    /// The person it was dispatched to or who took it on.
    pub handler: Option<PrincipalId>,
    /// The routing decision that brought it where it is.
    pub decision_id: Option<Uuid>,
    /// Where it waits, once it is known to wait.
    pub pool: Option<Pool>,
    /// The pool that its handler claimed it from; none when it came to them otherwise. Source: R9.
    pub claimed_from: Option<Pool>,
    /// People who claimed it in this round and put it back. Source: R9.
    pub put_back_by: Vec<PrincipalId>,
    /// Units that returned it in this round, in order.
    pub returned_by: Vec<UnitId>,
    /// Returns in all rounds.
    pub return_count: i32,
    /// A person has to decide.
    pub arbitration: bool,
    /// Transfers in all rounds.
    pub transfer_count: i32,
    /// Urges in all rounds.
    pub urge_count: i32,
    /// The last urge.
    pub last_urged_at: Option<Timestamp>,
    /// The last urge that somebody was told of.
    pub urge_told_at: Option<Timestamp>,
    /// Whom that went to; none since somebody else has it.
    pub urge_level: Option<UrgeLevel>,
    /// The version at which it last came to `pending_dispatch`; decisions for older ones are stale.
    pub pending_version: i64,
    /// Set while resolved, in callback or closed.
    pub resolution: Option<Resolution>,
    /// Why it was cancelled; empty if it was not.
    pub cancel_reason: String,
    /// When the request was received.
    pub received_at: Timestamp,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// First dispatch or claim in this round.
    pub first_dispatched_at: Option<Timestamp>,
    /// When the present holder took it on.
    pub accepted_at: Option<Timestamp>,
    /// When this round was resolved.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed or cancelled.
    pub closed_at: Option<Timestamp>,
    /// Why it was closed.
    pub close_reason: Option<CloseReason>,
    /// Units that take or took part.
    pub participants: Vec<UnitId>,
    /// People who did something with it, in the order in which they first did.
    pub doers: Vec<Doer>,
    /// The SLA policy key of the item; empty: the default of the type.
    pub sla_policy: String,
    /// Who created it.
    pub created_by: Actor,
    /// Tier of escalation, 1 to 3.
    pub tier: i32,
    /// What of it was erased.
    pub erased: Personal,
    /// What belongs to it and has rules of its own.
    pub groups: Groups,
    /// The head of its timeline's hash chain; empty before it begins. Source: T26.
    pub chain: Vec<u8>,
}

/// The id in the system a ticket came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The system or file.
    pub source: ExternalSource,
    /// The id there.
    pub id: ExternalId,
}

/// Where a pending ticket waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The unit whose members may claim it; none: dispatchers only.
    pub unit: Option<UnitId>,
    /// Why it waits.
    pub reason: String,
    /// How many tickets from pools a person may have in hand, this one included, who claims it; 0: any number. Source: R9.
    pub claim_limit: u32,
}

/// What came of it, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What came of it.
    pub outcome: Outcome,
    /// Responsible for the cause.
    pub responsible_unit: Option<UnitId>,
    /// Who resolved it.
    pub resolved_by: Actor,
}

impl Ticket {
    /// Refuses an act that the phase does not allow.
    pub(crate) fn require(&self, action: Action) -> Result<(), Refusal> {
        if action.is_allowed_in(self.phase) {
            Ok(())
        } else {
            Err(Refusal::Phase { phase: self.phase, action })
        }
    }

    /// Refuses what would tell of the reporter where the contact is erased already: nothing would erase it again.
    pub(crate) fn require_contact_kept(&self) -> Result<(), Refusal> {
        if self.erased.contact { Err(Refusal::ContactErased) } else { Ok(()) }
    }

    /// Refuses what would be written where texts are erased already and nothing would erase it again: of a ticket that is
    /// over.
    pub(crate) fn require_texts_kept(&self) -> Result<(), Refusal> {
        if self.erased.texts && self.phase.is_over() { Err(Refusal::Erased) } else { Ok(()) }
    }

    /// Refuses who may not act for the unit that holds the ticket; the unit otherwise.
    pub(crate) fn require_holder(&self, by: &Actor) -> Result<UnitId, Refusal> {
        match &self.lead_unit {
            Some(unit) if by.may_act_for(unit) => Ok(unit.clone()),
            _ => Err(Refusal::NotRecipient),
        }
    }

    /// The person who holds the ticket once `by` has taken it: `by`, unless it is a program.
    pub(crate) fn holder(&self, by: &Actor) -> Option<PrincipalId> {
        if by.kind == PrincipalKind::Person { Some(by.id.clone()) } else { self.handler.clone() }
    }

    /// One event later.
    pub(crate) fn after(self, by: &Actor, at: Timestamp, change: Change) -> Changed {
        Changed::unchanged(self).then(by, at, Origin::Live, change)
    }

    /// The event that `change` is to this ticket.
    pub(crate) fn event(&self, by: &Actor, at: Timestamp, origin: Origin, change: Change) -> Event {
        Event {
            version: self.version + 1,
            occurred_at: at,
            origin,
            actor: by.clone(),
            from_phase: Some(self.phase),
            change,
            place: None,
        }
    }
}

impl Changed {
    /// Nothing has happened yet.
    pub(crate) fn unchanged(ticket: Ticket) -> Self {
        let before = Some(Box::new(ticket.clone()));
        Self { before, from_version: ticket.version, ticket, steps: Vec::new(), texts: Texts::default() }
    }

    /// One more event.
    pub(crate) fn then(mut self, by: &Actor, at: Timestamp, origin: Origin, change: Change) -> Self {
        let event = self.ticket.event(by, at, origin, change);
        self.ticket.evolve(&event);
        self.steps.push((event, self.ticket.clone()));
        self
    }
}
