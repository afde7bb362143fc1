//! Units of the organisation.

use gongdan_region::{RegionCode, RegionRange, Regions};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a unit is to be: its states to come, by when each begins. Source: R1, effective dates.
pub type Planned = BTreeMap<Timestamp, Unit>;

/// What a unit is in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// A bureau, company or office that answers for tickets.
    Unit,
    /// 二级客服: the desk of a city or county that dispatches on.
    Desk,
    /// A group of people inside a unit.
    Group,
    /// The hotline centre.
    Centre,
}

/// A unit of the organisation. Source: R1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Chosen by people: `tianhe-env`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// The unit above; none for a root.
    pub parent_id: Option<String>,
    /// The area it belongs to.
    pub region: RegionCode,
    /// Takes part from here on; none: always.
    pub valid_from: Option<Timestamp>,
    /// Takes part until here, excluded; none: for good.
    pub valid_to: Option<Timestamp>,
}

impl Unit {
    /// Whether it takes part at an instant. Source: R1, effective dates.
    #[must_use]
    pub fn takes_part_at(&self, at: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_to.is_none_or(|to| at < to)
    }

    /// The codes of its region and below.
    #[must_use]
    pub fn range(&self) -> RegionRange {
        Regions::national().range(self.region)
    }
}
