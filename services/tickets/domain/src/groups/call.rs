//! Calls that belong to it. Source: T35.

use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, Event},
    refusal::Refusal,
    text::Line,
    ticket::Ticket,
};
use jiff::Timestamp;
use std::fmt;

/// Calls that a ticket may have.
pub const MAX_CALLS: usize = 200;

/// The place at which calls are taken.
pub type Seat = Line<0, 64>;

/// The name of a call in the telephone system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(String);

/// The text is no name of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 128 letters, digits and any of '.', '-', '_', ':', '@'")]
pub struct InvalidCallId;

impl CallId {
    /// Checks.
    ///
    /// # Errors
    /// When it has another length or other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidCallId> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'@');
        if (1..=128).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCallId)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// In the order in which they were linked.
    pub linked: Vec<CallId>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A call belongs to it.
    Linked {
        /// Which.
        call: CallId,
        /// Where it was taken.
        seat: Seat,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Linked { .. } => "call_linked",
        }
    }
}

impl Ticket {
    /// Says that a call belongs to it; none when that is known: a telephone system repeats itself.
    ///
    /// # Errors
    /// When it has as many as it may have.
    pub fn link_call(
        self,
        call: CallId,
        seat: Seat,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Option<Changed>, Refusal> {
        self.require(Action::LinkCall)?;
        if self.groups.calls.linked.contains(&call) {
            return Ok(None);
        }
        if self.groups.calls.linked.len() >= MAX_CALLS {
            return Err(Refusal::TooMany { what: "calls", max: MAX_CALLS });
        }
        Ok(Some(self.after(by, at, change::Change::Call(Change::Linked { call, seat }))))
    }

    pub(crate) fn evolve_call(&mut self, _event: &Event, change: &Change) {
        match change {
            Change::Linked { call, .. } => self.groups.calls.linked.push(call.clone()),
        }
    }
}
