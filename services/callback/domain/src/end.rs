//! A task is not to be called any more.

use crate::{Change, Changed, Refusal, Task, TaskState};
use jiff::Timestamp;

/// What happened to the ticket without callback's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketWent {
    /// A person or a timer closed it.
    Closed,
    /// A person reopened it: the next round will have its own task.
    Reopened,
    /// It was cancelled.
    Cancelled,
    /// It was merged into another, which is called about.
    Merged,
}

impl TicketWent {
    const fn reason(self) -> &'static str {
        match self {
            Self::Closed => "ticket_closed",
            Self::Reopened => "ticket_reopened",
            Self::Cancelled => "ticket_cancelled",
            Self::Merged => "ticket_merged",
        }
    }
}

impl Task {
    /// An agent says that the citizen is not to be called.
    ///
    /// # Errors
    /// When it is over, or somebody else has it.
    pub fn skip(self, agent: &str, reason: String, at: Timestamp) -> Result<Changed, Refusal> {
        self.require_outstanding("skip")?;
        self.require_not_held_by_other(agent, at)?;
        Ok(self.ended(TaskState::Skipped, reason, at).changed(Change::Skipped, at))
    }

    /// Follows its ticket, whoever has it. `None` when it was over before: then the ticket followed it.
    #[must_use]
    pub fn follow(self, went: TicketWent, at: Timestamp) -> Option<Changed> {
        if !self.state.is_outstanding() {
            return None;
        }
        Some(self.ended(TaskState::Skipped, went.reason().to_owned(), at).changed(Change::Skipped, at))
    }
}
