//! What is personal goes. Source: X11, DESIGN rule 15.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    refusal::Refusal,
    ticket::Ticket,
};
use jiff::Timestamp;
use uuid::Uuid;

/// What stands in the place of a text that was erased.
pub const ERASED: &str = "[已删除 erased]";

/// Classes of what is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Personal {
    /// Contact, whose ticket it is, and which citizens acted on it.
    pub contact: bool,
    /// What people wrote: request, resolution, reasons and notes.
    pub texts: bool,
}

impl Personal {
    /// Everything.
    pub const ALL: Self = Self { contact: true, texts: true };

    /// Nothing.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        !self.contact && !self.texts
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self { contact: self.contact && !other.contact, texts: self.texts && !other.texts }
    }

    /// What is in one of them.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { contact: self.contact || other.contact, texts: self.texts || other.texts }
    }
}

impl Ticket {
    /// Erases what of it is personal; none when nothing of that is left. The event names all that was asked for: also of
    /// a class that was erased before, somebody may have left something since. Source: X11.
    ///
    /// # Errors
    /// While somebody works on it, unless by force.
    pub fn erase(
        self,
        what: Personal,
        force: bool,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Option<Changed>, Refusal> {
        if !force {
            self.require(Action::Erase)?;
        }
        if what.without(self.erased).is_nothing() {
            return Ok(None);
        }
        Ok(Some(self.after(by, at, Change::Erased { what, gone: None })))
    }
}

impl Changed {
    /// Says of an erasure that the customer is not known any more: this was the last of their tickets. Source: X11.
    #[must_use]
    pub fn gone(mut self, customer: Uuid) -> Self {
        for (event, _) in &mut self.steps {
            if let Change::Erased { gone, .. } = &mut event.change {
                *gone = Some(customer);
            }
        }
        self
    }
}
