//! What interrupts or moves a clock, as it is stored. Source: S4, S7.

use super::Spent;
use crate::Amount;
use gongdan_region::RegionCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What interrupted or moved a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub enum Turn {
    /// The ticket was suspended.
    Paused {
        /// When.
        at: Timestamp,
        /// Its policy lets the clock run on: only the time for handling is without it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        runs_on: bool,
    },
    /// It was resumed.
    Resumed {
        /// When.
        at: Timestamp,
    },
    /// Somebody set the due time: a deadline given at the start, or an extension.
    Moved {
        /// When.
        at: Timestamp,
        /// The due time from then on.
        due_at: Timestamp,
    },
    /// Other terms count: what was spent stays, what is left moved.
    Recalculated {
        /// When.
        at: Timestamp,
        /// The due time from then on.
        due_at: Timestamp,
        /// The terms that counted before.
        before: TermsBefore,
        /// What was spent under them.
        spent: Spent,
    },
    /// The amount began anew.
    Restarted {
        /// When.
        at: Timestamp,
        /// The due time from then on.
        due_at: Timestamp,
        /// What was spent before.
        spent: Spent,
    },
}

/// The terms that counted before a clock was worked out anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsBefore {
    /// Policy set and version.
    pub policy: String,
    /// Position of the rule in it; none: a deadline or standard that no rule gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u16>,
    /// Calendar and version.
    pub calendar: String,
    /// The ticket's region, whose days of the calendar counted.
    pub region: RegionCode,
    /// How much time.
    pub amount: Amount,
}

impl Turn {
    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Paused { at, .. }
            | Self::Resumed { at }
            | Self::Moved { at, .. }
            | Self::Recalculated { at, .. }
            | Self::Restarted { at, .. } => *at,
        }
    }
}
