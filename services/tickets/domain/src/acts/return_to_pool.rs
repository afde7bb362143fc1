//! 退单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed, Marks},
    refusal::Refusal,
    rules::Rules,
    text::Reason,
    ticket::Ticket,
    vocabulary::Origin,
};
use jiff::Timestamp;

impl Ticket {
    /// Gives the ticket back with a reason. Source: T13.
    ///
    /// Past `rules.max_returns` returns in a round it goes to arbitration: it waits for a dispatcher and routing
    /// leaves it alone.
    ///
    /// # Errors
    /// Outside `dispatched` and `in_progress`, and when `by` is not in the unit that holds it.
    pub fn return_to_pool(
        self,
        reason: Reason,
        rules: &Rules,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Return)?;
        let unit = self.require_holder(by)?;
        let arbitration = self.returned_by.len() + 1 > rules.max_returns;
        let returned = self.after(by, at, Change::Returned { unit, reason, arbitration, to_pool: false });
        if !arbitration {
            return Ok(returned);
        }
        let reason =
            format!("returned {} times in this round: arbitration", returned.ticket.returned_by.len());
        let pooled =
            Change::Pooled { decision: None, unit: None, marks: Marks::default(), reason, claim_limit: 0 };
        Ok(returned.then(by, at, Origin::Live, pooled))
    }
}
