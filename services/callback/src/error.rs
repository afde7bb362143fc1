//! What the domain refuses, as callers see it.

use gongdan_callback_domain::Refusal;
use gongdan_errors::{Error, Reason};

/// The error for a refusal.
pub fn refused(refusal: Refusal) -> Error {
    let text = refusal.to_string();
    match refusal {
        Refusal::State { state, action } => Error::precondition(Reason::TaskStateRefuses, text)
            .with("state", state.as_str())
            .with("action", action),
        Refusal::Held { until } => Error::precondition(Reason::TaskHeld, text).with("held_until", until),
        Refusal::NotHeld => Error::precondition(Reason::TaskNotHeld, text),
        Refusal::TooEarly { next } => {
            Error::precondition(Reason::TaskStateRefuses, text).with("next_attempt_at", next)
        }
        Refusal::NextTime(bad) => Error::invalid_field("next_attempt_at", bad),
    }
}

/// The task is not there.
pub fn task_not_found() -> Error {
    Error::not_found(Reason::CallbackTaskNotFound, "no callback task of this id or ticket")
}

/// The caller's etag is not the present one.
pub fn etag_mismatch() -> Error {
    Error::aborted(Reason::EtagMismatch, "the task changed since it was read: read it again")
}

/// Somebody else wrote between our read and our write.
pub fn write_conflict() -> Error {
    Error::aborted(Reason::WriteConflict, "the task was changed at the same moment: read it again")
}
