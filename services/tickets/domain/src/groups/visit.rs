//! 预约上门. Source: T15.

use crate::{change::Event, ticket::Ticket};

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visits {}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match *self {}
    }
}

impl Ticket {
    pub(crate) fn evolve_visit(&mut self, _event: &Event, change: &Change) {
        match *change {}
    }
}
