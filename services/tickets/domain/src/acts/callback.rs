//! 回访, 归档

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    ticket::Ticket,
    vocabulary::CloseReason,
};
use jiff::Timestamp;
use uuid::Uuid;

impl Ticket {
    /// Callback has a task for it. Source: GLOSSARY.
    ///
    /// # Errors
    /// Outside `resolved`.
    pub fn open_callback(self, task: Uuid, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::OpenCallback)?;
        Ok(self.after(by, at, Change::CallbackOpened { task }))
    }

    /// It is over. Source: GLOSSARY.
    ///
    /// # Errors
    /// Outside `resolved` and `in_callback`.
    pub fn close(
        self,
        reason: CloseReason,
        task: Option<Uuid>,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Close)?;
        Ok(self.after(by, at, Change::Closed { reason, task }))
    }
}
