//! 升级. Source: T13.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change as What, Changed, Event, Marks},
    names::{PrincipalId, UnitId},
    refusal::Refusal,
    text::Reason,
    ticket::Ticket,
    vocabulary::{Origin, Phase},
};
use jiff::Timestamp;

/// The highest tier.
pub const HIGHEST: i32 = 3;

/// What a ticket knows of it, beside its tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Escalations {
    /// How often it was escalated, all rounds.
    pub count: i32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the act, documented there and in the contract")]
pub enum Change {
    /// It climbed a tier.
    Escalated {
        tier: i32,
        from_tier: i32,
        from: Option<UnitId>,
        to: Option<UnitId>,
        person: Option<PrincipalId>,
        reason: Reason,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Escalated { .. } => "escalated",
        }
    }
}

impl Ticket {
    /// Climbs to the next tier: to a recipient, who has yet to accept, or to whom routing finds there. Source: T13.
    ///
    /// A ticket in arbitration that names no recipient stays in arbitration: a dispatcher decides, one tier higher.
    ///
    /// # Errors
    /// Outside `pending_dispatch`, `dispatched` and `in_progress`, when `by` may not act for the unit that holds it (for
    /// nobody while nobody does), and at the highest tier.
    pub fn escalate(
        self,
        to: Option<UnitId>,
        person: Option<PrincipalId>,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Escalate)?;
        if self.phase == Phase::PendingDispatch {
            let pool = self.pool.as_ref().and_then(|pool| pool.unit.as_ref());
            if !by.any_unit && !pool.is_some_and(|unit| by.may_act_for(unit)) {
                return Err(Refusal::NotRecipient);
            }
        } else {
            self.require_holder(by)?;
        }
        if self.tier >= HIGHEST {
            return Err(Refusal::HighestTier { tier: self.tier });
        }
        let arbitration = self.arbitration && to.is_none();
        let (tier, from_tier, from) = (self.tier + 1, self.tier, self.lead_unit.clone());
        let change = Change::Escalated { tier, from_tier, from, to, person, reason };
        let escalated = self.after(by, at, What::Escalation(change));
        if !arbitration {
            return Ok(escalated);
        }
        let reason = format!("escalated to tier {tier} in arbitration");
        let pooled =
            What::Pooled { decision: None, unit: None, marks: Marks::default(), reason, claim_limit: 0 };
        Ok(escalated.then(by, at, Origin::Live, pooled))
    }

    pub(crate) fn evolve_escalation(&mut self, event: &Event, change: &Change) {
        let Change::Escalated { tier, to, person, .. } = change;
        self.tier = *tier;
        self.groups.escalations.count += 1;
        match to {
            Some(unit) => {
                self.phase = Phase::Dispatched;
                self.hold(unit);
                self.handler = person.clone();
                self.decision_id = None;
                self.accepted_at = None;
                self.first_dispatched_at.get_or_insert(event.occurred_at);
            }
            None => {
                self.pool = None;
                self.release();
                self.pend();
            }
        }
    }
}
