//! What a resolved ticket teaches.

use crate::branches;
use gongdan_classify::Bag;
use gongdan_region::RegionCode;

/// The item of tickets whose item nobody knows.
const UNCLASSIFIED: &str = "unclassified";

/// A ticket that was resolved: its words as they are counted, and what it turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// Its words.
    pub bag: Bag,
    /// Its item in the end.
    pub item: String,
    /// The unit that answers for it; empty: none.
    pub unit_id: String,
    /// Its region.
    pub region: RegionCode,
}

impl Lesson {
    /// Its item, if one is known.
    #[must_use]
    pub fn known_item(&self) -> Option<&str> {
        known(&self.item)
    }
}

/// An item that says something.
pub(super) fn known(item: &str) -> Option<&str> {
    (!item.is_empty() && item != UNCLASSIFIED).then_some(item)
}

/// A text together with the branches of its item.
pub(super) fn with_item(bag: Bag, item: Option<&str>) -> Bag {
    match item {
        None => bag,
        Some(item) => bag.marked(branches(item)),
    }
}
