//! 接单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    ticket::Ticket,
};
use jiff::Timestamp;

impl Ticket {
    /// Takes the ticket on for the unit it was dispatched to. Source: T13.
    ///
    /// # Errors
    /// Outside `dispatched`, and when `by` is not in that unit.
    pub fn accept(self, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Accept)?;
        self.require_holder(by)?;
        let handler = self.holder(by);
        Ok(self.after(by, at, Change::Accepted { handler }))
    }
}
