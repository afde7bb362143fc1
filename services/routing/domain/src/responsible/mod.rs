//! Who answers in person for a customer or an asset: direct dispatch (直派). Source: R5.
//!
//! A [`Responsibility`] is kept; an [`Answerable`] is one that is in force for a ticket, with how its person stands to duty.

mod answerable;
mod check;
mod clash;

pub use answerable::{Answerable, Attendance, answerable};
pub use check::{How, Known, MOST_ROWS, Put, check_all, check_asset};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// What somebody is responsible for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Charge {
    /// An installation, line, lift, lamp…, by its id in the house.
    Asset(String),
    /// A customer, by the id that tickets gave it.
    Customer(Uuid),
}

/// Which of the two. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum ChargeKind {
    /// An asset: comes first.
    Asset = 1,
    /// A customer.
    Customer = 2,
}

impl From<ChargeKind> for u8 {
    fn from(kind: ChargeKind) -> Self {
        kind as Self
    }
}

impl TryFrom<u8> for ChargeKind {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Asset),
            2 => Ok(Self::Customer),
            other => Err(format!("nothing to be responsible for has number {other}")),
        }
    }
}

impl fmt::Display for ChargeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::Customer => "customer",
        })
    }
}

impl Charge {
    /// Which of the two.
    #[must_use]
    pub const fn kind(&self) -> ChargeKind {
        match self {
            Self::Asset(_) => ChargeKind::Asset,
            Self::Customer(_) => ChargeKind::Customer,
        }
    }
}

/// A person answers for a customer or an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responsibility {
    /// Its id.
    pub id: Uuid,
    /// What for.
    pub charge: Charge,
    /// Key of a catalogue item or a branch above it; empty: the whole catalogue.
    pub item: String,
    /// Who.
    pub person_id: String,
    /// The unit the person acts for.
    pub unit_id: String,
    /// From here on; none: always.
    pub from: Option<Timestamp>,
    /// Until here, excluded; none: for good.
    pub until: Option<Timestamp>,
    /// Counts for tickets of every region; else only for those within the region of its unit.
    pub everywhere: bool,
}

/// What is said of a customer or asset and a branch, but for how far it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Said<'a> {
    person_id: &'a str,
    unit_id: &'a str,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Responsibility {
    /// Whether it is in force at an instant.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether there is an instant at which both are in force.
    fn meets(&self, other: &Self) -> bool {
        let before = |end: Option<Timestamp>, start: Option<Timestamp>| match (end, start) {
            (Some(end), Some(start)) => end <= start,
            _ => false,
        };
        !before(self.until, other.from) && !before(other.until, self.from)
    }

    /// What it says of its customer or asset and branch.
    pub(crate) fn said(&self) -> Said<'_> {
        let Self { person_id, unit_id, from, until, .. } = self;
        Said { person_id, unit_id, from: *from, until: *until }
    }
}

#[cfg(test)]
mod tests;
