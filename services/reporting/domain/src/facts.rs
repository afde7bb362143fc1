//! What clocks and callbacks add to a round. Each keeps only its own latest version, so that the order in which
//! services are heard does not matter.

use jiff::Timestamp;
use uuid::Uuid;

/// The handling clock of a round, as its latest event left it. Source: P2, S3.
#[derive(Debug, Clone, PartialEq)]
pub struct Handling {
    /// The ticket.
    pub ticket: Uuid,
    /// Its round.
    pub round: i32,
    /// The clock.
    pub clock: Uuid,
    /// The clock's version.
    pub version: i64,
    /// When it is due; none while it waits for its suspended ticket, unless it was over before.
    pub due_at: Option<Timestamp>,
    /// Whether it stopped at or before due; none while it runs or when it was cancelled.
    pub on_time: Option<bool>,
    /// Working seconds from the round's first dispatch to the stop.
    pub working_seconds: Option<i64>,
}

impl Handling {
    /// Whether it says more than `other` about the same round: a later clock, or a later version of the same.
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> bool {
        (self.clock, self.version) > (other.clock, other.version)
    }
}

/// What the citizen said in a callback. Source: C5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The task.
    pub task: Uuid,
    /// The task's version.
    pub version: i64,
    /// The ticket.
    pub ticket: Uuid,
    /// Its round.
    pub round: i32,
    /// When it was completed.
    pub completed_at: Timestamp,
    /// The unit had contacted the citizen.
    pub contacted: bool,
    /// The matter is solved.
    pub solved: bool,
    /// The citizen is satisfied.
    pub satisfied: bool,
}
