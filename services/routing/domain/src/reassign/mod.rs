//! Whom the tickets of somebody who leaves or goes on leave go to, one at a time. Source: R10, R7.
//!
//! A [`Plan`] is a list of [`Course`]s; [`give`] tries them in order for one ticket and writes down who was considered.
//! Nobody gets a ticket who is off duty, has no room or hands it over, and it never leaves its unit.

mod give;
mod plan;

pub use give::{Given, InHand, give, turn_of};
pub use plan::{MOST_SKILLS, Plan, Wish, check_strategy, check_taker, plan};

use crate::{StaffTrial, strategy::Strategy};
use serde::{Deserialize, Serialize};

/// A way to look for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// This person, who was named.
    Person(String),
    /// This person, who stands in during a leave.
    StandIn(String),
    /// Somebody of the ticket's unit.
    Strategy {
        /// How one is chosen.
        strategy: Strategy,
        /// Skills that are needed, the most important first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skills: Vec<String>,
    },
    /// The ticket's unit, without a person.
    Unit,
}

/// Which way was tried. The numbers are stored, and those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum CourseKind {
    /// [`Course::Person`]
    Person = 1,
    /// [`Course::StandIn`]
    StandIn = 2,
    /// [`Course::Strategy`]
    Strategy = 3,
    /// [`Course::Unit`]
    Unit = 4,
}

/// A way that was tried, and who was considered; nobody with [`CourseKind::Unit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseTrial(pub CourseKind, pub Option<StaffTrial>);

impl From<CourseKind> for u8 {
    fn from(kind: CourseKind) -> Self {
        kind as Self
    }
}

impl TryFrom<u8> for CourseKind {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        [Self::Person, Self::StandIn, Self::Strategy, Self::Unit]
            .into_iter()
            .find(|kind| u8::from(*kind) == number)
            .ok_or_else(|| format!("no course {number}"))
    }
}

#[cfg(test)]
mod tests;
