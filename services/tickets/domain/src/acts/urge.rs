//! 催单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    rules::Rules,
    text::Note,
    ticket::Ticket,
};
use jiff::Timestamp;

impl Ticket {
    /// The citizen asks again: counted always, told once within `rules.urge_window`. Source: T22.
    ///
    /// # Errors
    /// When it is not in flight.
    pub fn urge(self, note: Note, rules: &Rules, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Urge)?;
        let told = self.urge_told_at.is_none_or(|last| at.duration_since(last) >= rules.urge_window);
        Ok(self.after(by, at, Change::Urged { note, told }))
    }
}
