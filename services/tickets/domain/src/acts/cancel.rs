//! 撤单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    text::Reason,
    ticket::Ticket,
};
use jiff::Timestamp;

impl Ticket {
    /// Takes it back before it is resolved; discards a draft. Source: T21.
    ///
    /// # Errors
    /// When it is resolved or over.
    pub fn cancel(self, reason: Reason, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Cancel)?;
        Ok(self.after(by, at, Change::Cancelled { reason }))
    }
}
