//! What an act did.

use crate::{FailedOutcome, Stamp, Task};
use jiff::Timestamp;

/// What happened to a task; the names of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It waits to be called.
    Opened,
    /// A call failed; the next time is set.
    Attempted(FailedOutcome),
    /// The citizen answered.
    Completed,
    /// It is not to be called; why is in the task.
    Skipped,
    /// It was tried often enough.
    GivenUp(FailedOutcome),
    /// It was recorded from the past.
    Recorded,
}

/// A task after an act, and the event the act made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The task now; its version is the event's.
    pub task: Task,
    /// The stamp it had; `None` when the act made it.
    pub was: Option<Stamp>,
    /// What happened.
    pub change: Change,
    /// When it happened.
    pub at: Timestamp,
}
