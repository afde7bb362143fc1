//! 转派

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    names::{PrincipalId, UnitId},
    refusal::Refusal,
    text::Reason,
    ticket::Ticket,
};
use jiff::Timestamp;

impl Ticket {
    /// Hands the ticket on to exactly one recipient, who has yet to accept. Source: T13.
    ///
    /// # Errors
    /// Outside `dispatched` and `in_progress`, when `by` is not in the unit that holds it, and when that unit is the
    /// recipient, unless another person there is.
    pub fn transfer(
        self,
        to: UnitId,
        person: Option<PrincipalId>,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Transfer)?;
        let from = self.require_holder(by)?;
        if from == to && (person.is_none() || person == self.handler) {
            return Err(Refusal::SameUnit(to));
        }
        Ok(self.after(by, at, Change::Transferred { from, to, person, reason, decision: None, order: None }))
    }
}
