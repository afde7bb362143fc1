//! How callbacks are done; configuration.

use crate::{CallbackResult, PermittedHours, Tally};
use jiff::SignedDuration;

/// How callbacks are done.
#[derive(Debug, Clone)]
pub struct Policy {
    /// When a citizen may be promised a call.
    pub hours: PermittedHours,
    /// After so many attempts without success a task is given up.
    pub max_attempts: i32,
    /// After so many refusals a task is given up: asking somebody who does not want to be asked is no service.
    pub max_refused: i32,
    /// After so many wrong numbers a task is given up: the first may be a slip in dialling.
    pub max_wrong_number: i32,
    /// How far away the next time may be.
    pub furthest_next: SignedDuration,
    /// From opening to due, in clock time. Source: C2, three days.
    pub due_after: SignedDuration,
    /// How long an agent keeps a task that was taken.
    pub hold_for: SignedDuration,
    /// Whether an unsolved matter reopens the ticket. Source: C6.
    pub reopen_unsolved: bool,
    /// Whether a dissatisfied citizen reopens the ticket. Source: C6.
    pub reopen_dissatisfied: bool,
}

impl Policy {
    /// Whether it was tried often enough.
    #[must_use]
    pub const fn is_exhausted(&self, tally: Tally) -> bool {
        tally.attempts >= self.max_attempts
            || tally.refused >= self.max_refused
            || tally.wrong_number >= self.max_wrong_number
    }

    /// Why the answers reopen the ticket; `None` when they do not. Source: C6.
    #[must_use]
    pub const fn reopens(&self, result: CallbackResult) -> Option<&'static str> {
        let unsolved = self.reopen_unsolved && !result.solved;
        let dissatisfied = self.reopen_dissatisfied && !result.satisfied;
        match (unsolved, dissatisfied) {
            (true, true) => Some("unsolved_and_dissatisfied"),
            (true, false) => Some("unsolved"),
            (false, true) => Some("dissatisfied"),
            (false, false) => None,
        }
    }
}
