//! A clock and what can happen to it. Source: S3, S5.

mod course;
mod explain;
mod moves;
mod spent;
mod terms;
mod transitions;
mod turn;

pub use course::{Course, Segment};
pub use explain::{Explained, Step, Stretch};
pub use spent::Spent;
pub use terms::{Cause, NewTerms};
pub use transitions::{Begin, News, NoDeadline};
pub use turn::{TermsBefore, Turn};

use crate::{Amount, ClockKind, Origin, policy::Attributes};
use gongdan_region::RegionCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// It runs.
    Running,
    /// Its ticket is suspended; nothing fires.
    Paused,
    /// What it waited for came.
    Stopped,
    /// What it waited for will not come.
    Cancelled,
}

/// A part of the amount after which somebody is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Percent of the amount.
    pub percent: u8,
    /// When it is reached.
    pub at: Timestamp,
}

/// What of its ticket a clock goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The policy set that its catalogue item names; empty: the default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy_set: String,
    /// What policies ask for, but the region.
    #[serde(flatten)]
    pub attributes: Attributes,
    /// When the ticket was first dispatched in its round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_dispatched_at: Option<Timestamp>,
}

/// A clock of a ticket's round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// UUID.
    pub id: Uuid,
    /// The ticket.
    pub ticket_id: Uuid,
    /// The ticket's number.
    pub ticket_number: String,
    /// The ticket's round.
    pub round: i32,
    /// What it measures.
    pub kind: ClockKind,
    /// The assist, review or directive it is for.
    pub record_id: Option<Uuid>,
    /// Where it is.
    pub state: ClockState,
    /// Policy set and version.
    pub policy: String,
    /// Position of the rule in it that gives the amount; none: a deadline or standard that no rule gave.
    pub rule: Option<u16>,
    /// Calendar and version.
    pub calendar: String,
    /// How much time.
    pub amount: Amount,
    /// When it began.
    pub started_at: Timestamp,
    /// When it is due; on time means at or before it. While it is paused: as if the pause had not begun.
    pub due_at: Timestamp,
    /// Whether it waits while its ticket is suspended.
    pub pausable: bool,
    /// What interrupted or moved it, in order.
    pub turns: Vec<Turn>,
    /// Whether a merge cancelled it: undoing the merge restores it.
    pub merged: bool,
    /// When it was stopped or cancelled.
    pub stopped_at: Option<Timestamp>,
    /// Whether due has passed unmet.
    pub breached: bool,
    /// When to warn, in order.
    pub thresholds: Vec<Threshold>,
    /// How many of the thresholds were warned of.
    pub warned: usize,
    /// Working time from start to stop without pauses, in seconds.
    pub working_seconds: Option<i64>,
    /// Handling: working time from the round's first dispatch to stop without suspension, in seconds.
    pub handling_working_seconds: Option<i64>,
    /// What of its ticket it goes by; none: it was written by a version that did not keep it.
    pub subject: Option<Subject>,
    /// The unit that holds the ticket. This and the person are the ticket's, as its latest event has them: no event of
    /// the clock tells of them.
    pub unit_id: String,
    /// The person that holds it.
    pub handler_id: String,
    /// The ticket's region.
    pub region: RegionCode,
    /// +1 per event.
    pub version: i64,
    /// Live or import.
    pub origin: Origin,
    /// Set while it is not known whether the import that began it goes on: nothing fires before.
    pub settle_at: Option<Timestamp>,
}

/// What happened to a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It began to run.
    Started,
    /// A threshold was reached.
    Warned {
        /// Percent of the amount.
        percent: u8,
        /// It fired later than it should have.
        late: bool,
    },
    /// Due passed.
    Breached {
        /// It fired later than it should have.
        late: bool,
    },
    /// What it waited for came.
    Stopped {
        /// At or before due.
        on_time: bool,
    },
    /// What it waited for will not come.
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
    /// Its ticket was suspended.
    Paused {
        /// Its policy lets the clock run on.
        runs_on: bool,
    },
    /// It goes on.
    Resumed {
        /// When it was due before the pause.
        previous_due_at: Timestamp,
    },
    /// A later deadline was granted.
    Extended {
        /// When it was due before.
        previous_due_at: Timestamp,
    },
    /// The merge that cancelled it was undone.
    Restored,
    /// Other terms count: what was spent stays, what is left moved.
    Recalculated {
        /// When it was due before.
        previous_due_at: Timestamp,
        /// The terms that counted before.
        before: TermsBefore,
        /// Why.
        cause: Cause,
    },
    /// The amount began anew.
    Restarted {
        /// When it was due before.
        previous_due_at: Timestamp,
    },
}

/// Why what a clock waited for will not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// 撤单
    TicketCancelled,
    /// It was resolved by who never got it.
    ResolvedWithoutDispatch,
    /// It was closed without having been resolved.
    ClosedWithoutResolve,
    /// The next round began.
    NextRound,
    /// It was merged into another.
    Merged,
    /// The round was resolved.
    RoundResolved,
    /// The assist was waived, the directive withdrawn.
    Released,
    /// The assisting unit declined.
    Declined,
    /// Who should have accepted it gave it back or handed it on.
    NotAccepted,
}

impl CancelReason {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TicketCancelled => "the ticket was cancelled",
            Self::ResolvedWithoutDispatch => "resolved without dispatch",
            Self::ClosedWithoutResolve => "closed without resolve",
            Self::NextRound => "the next round began",
            Self::Merged => "the ticket was merged",
            Self::RoundResolved => "the round was resolved",
            Self::Released => "it is not owed any more",
            Self::Declined => "the unit declined",
            Self::NotAccepted => "it was handed on before it was accepted",
        }
    }
}

/// An event: what happened when, and the clock after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What happened.
    pub change: Change,
    /// When; of a warning or breach, when its time came.
    pub occurred_at: Timestamp,
    /// Whether it happened in this suite or was recorded from the past.
    pub origin: Origin,
    /// The clock after it; its version is the fact's.
    pub after: Clock,
}
