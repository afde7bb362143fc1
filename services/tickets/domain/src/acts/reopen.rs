//! 重办

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    rules::Rules,
    text::Reason,
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

impl Ticket {
    /// Begins the next round, at the pool or where the last one ended. Source: T20.
    ///
    /// # Errors
    /// Outside `resolved`, `in_callback` and `closed`, past the window after closing, and when no unit had it.
    pub fn reopen(
        self,
        reason: Reason,
        same_unit: bool,
        task: Option<Uuid>,
        rules: &Rules,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Reopen)?;
        if let Some(into) = self.groups.links.merged_into() {
            return Err(Refusal::IsMerged(into.number.clone()));
        }
        if self.closed_at.is_some_and(|closed| at.duration_since(closed) > rules.reopen_window) {
            return Err(Refusal::ReopenWindowOver { days: rules.reopen_window.as_hours() / 24 });
        }
        if same_unit && self.lead_unit.is_none() {
            return Err(Refusal::NoUnitToReopenAt);
        }
        let from_round = self.round;
        Ok(self.after(by, at, Change::Reopened { reason, task, from_round, same_unit }))
    }
}
