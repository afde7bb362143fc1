//! 催单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    rules::Rules,
    text::Note,
    ticket::Ticket,
    vocabulary::UrgeLevel,
};
use jiff::Timestamp;

impl Ticket {
    /// The citizen asks again: counted always, told once within `rules.urge_window`: first who has it, then the
    /// unit's leader, then the supervisor. Source: T22.
    ///
    /// # Errors
    /// When it is not in flight.
    pub fn urge(self, note: Note, rules: &Rules, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Urge)?;
        let told = self.urge_told_at.is_none_or(|last| at.duration_since(last) >= rules.urge_window);
        let told = told.then(|| UrgeLevel::next(self.urge_level));
        Ok(self.after(by, at, Change::Urged { note, told }))
    }
}
