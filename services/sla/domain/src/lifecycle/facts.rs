//! A ticket's events as its clocks hear them.

use crate::{
    ClockKind, Origin,
    clock::{CancelReason, Clock, Subject},
    policy::Attributes,
};
use gongdan_region::RegionCode;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// What of a ticket's events clocks care about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// It was submitted; one that waits in quarantine gets no clocks yet.
    Submitted,
    /// It was verified out of quarantine: its clocks begin now.
    Verified,
    /// It was dispatched or claimed, or escalated to a unit.
    Dispatched,
    /// Who got it took it on.
    Accepted,
    /// It was handed on to another recipient.
    Transferred,
    /// It was given back, or escalated to whomever routing finds.
    Returned,
    /// The unit says it is done.
    Resolved,
    /// It is over.
    Closed,
    /// The next round begins.
    Reopened,
    /// It was taken back.
    Cancelled,
    /// It was suspended.
    Suspended,
    /// It was resumed.
    Resumed,
    /// A later deadline for handling was granted.
    Extended {
        /// The new due time.
        due_at: Timestamp,
    },
    /// Something is owed by a deadline of its own: an assist, a review, the reply to a directive.
    Owed {
        /// Which clock measures it.
        kind: ClockKind,
        /// The record.
        record_id: Uuid,
        /// Who owes it; empty: who holds the ticket.
        unit_id: String,
        /// The deadline that was set; none: the policy's amount.
        due_at: Option<Timestamp>,
    },
    /// What was owed came.
    Met {
        /// Which clock measures it.
        kind: ClockKind,
        /// The record.
        record_id: Uuid,
    },
    /// What was owed came, and the same is owed anew: a review's next step.
    Renewed {
        /// Which clock measures it.
        kind: ClockKind,
        /// The record.
        record_id: Uuid,
        /// Who owes it now; empty: who holds the ticket.
        unit_id: String,
    },
    /// What was owed is owed no more.
    Released {
        /// Which clock measures it.
        kind: ClockKind,
        /// The record.
        record_id: Uuid,
        /// Why.
        reason: CancelReason,
    },
    /// It was merged into another ticket.
    Merged,
    /// The merge was undone.
    MergeUndone,
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
    /// Whether it is an act by which a member of staff responds to the request.
    pub responds: bool,
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
    /// Whether it was dispatched and nobody took it on yet.
    pub unaccepted: bool,
    /// Whether it waits in quarantine.
    pub quarantined: bool,
    /// The standard of its channel for the first response; none: nothing is promised.
    pub response: Option<SignedDuration>,
    /// Region.
    pub region: RegionCode,
    /// The policy set that its catalogue item names; empty: the default.
    pub policy_set: String,
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

impl Ticket {
    /// What its clocks go by, and went by before: an erased customer's ticket goes on under the tier it had.
    pub(super) fn subject(&self, before: Option<&Subject>) -> Subject {
        let mut attributes = Attributes { region: None, ..self.attributes.clone() };
        if let Some(before) = before.filter(|_| attributes.customer_tier.is_empty()) {
            before.attributes.customer_tier.clone_into(&mut attributes.customer_tier);
        }
        let policy_set = self.policy_set.clone();
        Subject { policy_set, attributes, first_dispatched_at: self.first_dispatched_at }
    }

    /// Whether policies are asked for something else than what a clock goes by.
    #[must_use]
    pub fn moves(&self, clock: &Clock) -> bool {
        clock.subject.as_ref().is_some_and(|known| {
            clock.region != self.region
                || known.policy_set != self.policy_set
                || known.attributes != self.subject(Some(known)).attributes
        })
    }
}
