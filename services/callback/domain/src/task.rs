//! A callback task.

use crate::{CallbackResult, Change, Changed, Refusal};
use gongdan_region::RegionCode;
use jiff::Timestamp;
use uuid::Uuid;

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Waits to be called.
    Open,
    /// 待回访: an attempt failed, the next time is set.
    PendingCallback,
    /// Answered.
    Completed,
    /// Tried often enough.
    GivenUp,
    /// Not to be called.
    Skipped,
    /// Recorded from the past.
    Historical,
}

impl TaskState {
    /// Whether somebody is still to call.
    #[must_use]
    pub const fn is_outstanding(self) -> bool {
        matches!(self, Self::Open | Self::PendingCallback)
    }

    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::PendingCallback => "pending_callback",
            Self::Completed => "completed",
            Self::GivenUp => "given_up",
            Self::Skipped => "skipped",
            Self::Historical => "historical",
        }
    }
}

/// Where a task comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The ticket was resolved in this suite.
    Live,
    /// The ticket was recorded from the past.
    Import,
}

/// The round of a ticket that a task asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRef {
    /// The ticket.
    pub id: Uuid,
    /// Its number, for people.
    pub number: String,
    /// The round that was resolved; 1 or more.
    pub round: i32,
    /// The lead unit asked about; empty if none held it.
    pub unit_id: String,
    /// Its region.
    pub region: RegionCode,
    /// Whom to call; `None` when anonymous.
    pub customer_id: Option<Uuid>,
    /// Who asked is not to be known to those who handle the ticket. Source: T36.
    pub confidential: bool,
}

/// How often it was tried, and how often in vain for good reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// All attempts.
    pub attempts: i32,
    /// Those the citizen refused.
    pub refused: i32,
    /// Those that reached somebody else.
    pub wrong_number: i32,
}

/// An agent has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The agent's principal id.
    pub agent_id: String,
    /// Nobody else is offered it before.
    pub until: Timestamp,
}

/// What guards a write: it changes with every event and every taking, not when a hold runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// +1 per event.
    pub version: i64,
    /// +1 per taking.
    pub takes: i32,
}

impl Stamp {
    /// The etag of the contract.
    #[must_use]
    pub fn etag(self) -> String {
        format!("{:x}-{:x}", self.version, self.takes)
    }
}

/// A callback task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: Uuid,
    /// What it asks about.
    pub ticket: TicketRef,
    /// Where it is.
    pub state: TaskState,
    /// Live or import.
    pub origin: Origin,
    /// How often it was tried.
    pub tally: Tally,
    /// Not to be called before; set while outstanding.
    pub next_attempt_at: Option<Timestamp>,
    /// To be done by; `None` for what is historical.
    pub due_at: Option<Timestamp>,
    /// Set when completed.
    pub result: Option<CallbackResult>,
    /// Whether it makes the ticket reopen.
    pub reopen: bool,
    /// Why it was skipped, given up or reopens.
    pub reason: String,
    /// Who has it.
    pub hold: Option<Hold>,
    /// What guards a write.
    pub stamp: Stamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was completed, given up or skipped; for what is historical, when the ticket was closed.
    pub ended_at: Option<Timestamp>,
}

impl Task {
    /// The agent who has it at `at`.
    #[must_use]
    pub fn holder(&self, at: Timestamp) -> Option<&str> {
        self.hold.as_ref().filter(|hold| at < hold.until).map(|hold| hold.agent_id.as_str())
    }

    /// Whether it is late at `at`. What is over is never late, nor is what was recorded from the past.
    #[must_use]
    pub fn is_overdue(&self, at: Timestamp) -> bool {
        self.state.is_outstanding() && self.due_at.is_some_and(|due| due < at)
    }

    pub(crate) fn require_outstanding(&self, action: &'static str) -> Result<(), Refusal> {
        if self.state.is_outstanding() { Ok(()) } else { Err(Refusal::State { state: self.state, action }) }
    }

    /// Refuses when somebody else has it; nobody having it is fine.
    pub(crate) fn require_not_held_by_other(&self, agent: &str, at: Timestamp) -> Result<(), Refusal> {
        match &self.hold {
            Some(hold) if at < hold.until && hold.agent_id != agent => {
                Err(Refusal::Held { until: hold.until })
            }
            _ => Ok(()),
        }
    }

    /// Refuses unless `agent` has it and it is still to be called: whoever asks for the contact must be about to call.
    ///
    /// # Errors
    /// When it is over or not held by `agent`.
    pub fn require_held_by(&self, agent: &str, at: Timestamp) -> Result<(), Refusal> {
        self.require_outstanding("contact")?;
        if self.holder(at) == Some(agent) { Ok(()) } else { Err(Refusal::NotHeld) }
    }

    pub(crate) fn changed(mut self, change: Change, at: Timestamp) -> Changed {
        let was = self.stamp;
        self.stamp.version += 1;
        Changed { task: self, was: Some(was), change, at }
    }

    /// Ends it: nobody has it, nobody calls again.
    pub(crate) fn ended(mut self, state: TaskState, reason: String, at: Timestamp) -> Self {
        self.state = state;
        self.reason = reason;
        self.hold = None;
        self.next_attempt_at = None;
        self.ended_at = Some(at);
        self
    }
}
