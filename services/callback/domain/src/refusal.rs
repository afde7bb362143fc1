//! Why an act is refused.

use crate::TaskState;
use jiff::Timestamp;

/// Why an act is refused, and so what would have to be different.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The task is over.
    #[error("a task that is {} does not allow `{action}`", state.as_str())]
    State {
        /// Where it is.
        state: TaskState,
        /// What was tried.
        action: &'static str,
    },
    /// Somebody else has it.
    #[error("another agent holds the task")]
    Held {
        /// Until then.
        until: Timestamp,
    },
    /// The caller does not have it.
    #[error("take the task first")]
    NotHeld,
    /// It is offered later.
    #[error("the task is not to be called before {next}")]
    TooEarly {
        /// Not before.
        next: Timestamp,
    },
    /// The next time will not do.
    #[error(transparent)]
    NextTime(#[from] BadNextTime),
}

/// What is wrong with a next time. Source: C3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNextTime {
    /// A failed attempt needs one.
    #[error("required unless the attempt succeeded or was the last one")]
    Missing,
    /// It is not in the future.
    #[error("must be in the future")]
    Past,
    /// It is too far away.
    #[error("at most {days} days ahead")]
    TooFar {
        /// The configured limit.
        days: i64,
    },
    /// The citizen would be called at a bad time.
    #[error("inside the permitted hours, {hours}")]
    OutsideHours {
        /// The windows and their zone, for people.
        hours: String,
    },
}
