//! 放回

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed, Marks},
    refusal::Refusal,
    text::Reason,
    ticket::Ticket,
    vocabulary::Origin,
};
use jiff::Timestamp;

impl Ticket {
    /// Puts it back into the pool it was claimed from: whoever claimed it cannot do it, but the unit can. The unit has not
    /// returned it: it is not counted, and not routed again. Source: R9.
    ///
    /// # Errors
    /// As [`Ticket::return_to_pool`], and when its handler did not claim it from a pool.
    pub fn put_back(self, reason: Reason, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Return)?;
        let unit = self.require_holder(by)?;
        let pool = self.claimed_from.clone().ok_or(Refusal::NotClaimed)?;
        let returned = Change::Returned { unit, reason, arbitration: false, to_pool: true };
        let pooled = Change::Pooled {
            decision: None,
            unit: pool.unit,
            marks: Marks::default(),
            reason: pool.reason,
            claim_limit: pool.claim_limit,
        };
        Ok(self.after(by, at, returned).then(by, at, Origin::Live, pooled))
    }
}
