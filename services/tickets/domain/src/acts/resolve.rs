//! 办结

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    names::UnitId,
    refusal::Refusal,
    text::{Reply, RootCause, Solution},
    ticket::Ticket,
    vocabulary::Outcome,
};
use jiff::Timestamp;

impl Ticket {
    /// Says it is done, with what was done and what the citizen is told. Source: T19.
    ///
    /// # Errors
    /// Outside `in_progress` and `in_review`, when `by` is not in the unit that holds it, while a unit owes its help or a
    /// reply to a directive, and while a review is open.
    pub fn resolve(
        self,
        outcome: Outcome,
        solution: Solution,
        root_cause: RootCause,
        responsible_unit: Option<UnitId>,
        reply: Reply,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Resolve)?;
        if !self.review_step().is_empty() {
            return Err(Refusal::ReviewOpen);
        }
        let unit = self.require_holder(by)?;
        self.require_no_assist_owed()?;
        self.require_no_directive_owed()?;
        let elapsed_seconds = at.duration_since(self.received_at).as_secs().max(0);
        let responsible_unit = Some(responsible_unit.unwrap_or(unit));
        let mut changed = self.after(by, at, Change::Resolved { outcome, responsible_unit, elapsed_seconds });
        changed.texts.resolution = Some((Some(solution), root_cause, reply));
        Ok(changed)
    }
}
