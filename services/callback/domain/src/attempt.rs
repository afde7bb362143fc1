//! What an agent reports after a call.

use jiff::Timestamp;

/// How a call ended. Source: C3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The citizen answered the questions.
    Success,
    /// Anything else.
    Failed(FailedOutcome),
}

/// How a call ended that gave no answers. Source: C3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailedOutcome {
    /// Nobody picked up.
    NoAnswer,
    /// The citizen did not want to.
    Refused,
    /// Somebody else's number.
    WrongNumber,
    /// Please later.
    CallLater,
}

impl Outcome {
    /// Every outcome, in the order of the contract.
    pub const ALL: [Self; 5] = [
        Self::Success,
        Self::Failed(FailedOutcome::NoAnswer),
        Self::Failed(FailedOutcome::Refused),
        Self::Failed(FailedOutcome::WrongNumber),
        Self::Failed(FailedOutcome::CallLater),
    ];

    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed(outcome) => outcome.as_str(),
        }
    }
}

impl FailedOutcome {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Refused => "refused",
            Self::WrongNumber => "wrong_number",
            Self::CallLater => "call_later",
        }
    }
}

/// What the citizen said: three answers, kept apart. Source: C5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallbackResult {
    /// The unit had contacted the citizen.
    pub contacted: bool,
    /// The matter is solved.
    pub solved: bool,
    /// The citizen is satisfied.
    pub satisfied: bool,
}

/// A call as reported: only a success has a result, only a failure a next time. Source: C3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The citizen answered.
    Success(CallbackResult),
    /// The citizen did not.
    Failed {
        /// How it ended.
        outcome: FailedOutcome,
        /// When to call again; may be absent when this was the last attempt.
        next: Option<Timestamp>,
    },
}

impl Report {
    /// How the call ended.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Success(_) => Outcome::Success,
            Self::Failed { outcome, .. } => Outcome::Failed(outcome),
        }
    }
}
