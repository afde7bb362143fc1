//! 派单

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed, Marks},
    names::{PrincipalId, UnitId},
    refusal::Refusal,
    text::Note,
    ticket::Ticket,
};
use jiff::Timestamp;

impl Ticket {
    /// Gives a pending ticket to a unit, perhaps to a person there. Source: T13.
    ///
    /// # Errors
    /// Outside `pending_dispatch`.
    pub fn dispatch(
        self,
        unit: UnitId,
        person: Option<PrincipalId>,
        note: Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Dispatch)?;
        Ok(self.after(
            by,
            at,
            Change::Dispatched { unit, person, decision: None, marks: Marks::default(), note },
        ))
    }
}
