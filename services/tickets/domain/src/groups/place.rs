//! Where and what it is about, as far as it is part of the ticket: grid and asset. Address and point are personal and kept
//! elsewhere. Source: T37, R5.

use crate::{
    action::Action,
    actor::Actor,
    change::{self, Changed, Event},
    place::CoordinateSystem,
    refusal::Refusal,
    text::Reason,
    ticket::Ticket,
};
use jiff::Timestamp;
use std::fmt;

/// A cell of the grid that a county's streets are divided into (网格).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grid(String);

/// The text is no grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 32 of a-z, 0-9 and '-'")]
pub struct InvalidGrid;

impl Grid {
    /// Checks.
    ///
    /// # Errors
    /// When it has another length or other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidGrid> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidGrid)
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An installation, line, lift, lamp… by its id in the house. Source: R5.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset(String);

/// The text is no asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 64 of A-Z, a-z, 0-9, '.', '_', '-', '/' and ':'")]
pub struct InvalidAsset;

impl Asset {
    /// Checks.
    ///
    /// # Errors
    /// When it has another length or other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidAsset> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':');
        if (1..=64).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAsset)
        }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacePart {
    /// The grid, if known.
    pub grid: Option<Grid>,
    /// The asset, if there is one.
    pub asset: Option<Asset>,
    /// Address or point are kept.
    pub kept: bool,
    /// What the point was given in, if there is one.
    pub given_in: Option<CoordinateSystem>,
}

impl PlacePart {
    /// The place is gone, and the asset, which may be somebody's own; the grid, which many live in, stays.
    pub(crate) fn forget(&mut self) {
        self.asset = None;
        self.kept = false;
        self.given_in = None;
    }
}

/// What of a place is another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Differs {
    /// The address.
    pub address: bool,
    /// The point.
    pub point: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is about another place.
    Changed {
        /// The grid before.
        from: Option<Grid>,
        /// The asset before.
        from_asset: Option<Asset>,
        /// What everybody may know of the place now.
        to: PlacePart,
        /// What of it that is personal is another.
        differs: Differs,
        /// Why.
        reason: Reason,
    },
}

impl Change {
    /// The event's name on the bus, as the contract's field is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "place_changed",
        }
    }
}

impl Ticket {
    /// Says that it is about another place than was said; none when that is known. Source: T37.
    ///
    /// # Errors
    /// When it is over, and when its contact or its texts are erased.
    pub fn change_place(
        self,
        to: PlacePart,
        differs: Differs,
        reason: Reason,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Option<Changed>, Refusal> {
        self.require(Action::ChangePlace)?;
        self.require_contact_kept()?;
        self.require_texts_kept()?;
        if self.groups.place == to && differs == Differs::default() {
            return Ok(None);
        }
        let (from, from_asset) = (self.groups.place.grid.clone(), self.groups.place.asset.clone());
        let change = Change::Changed { from, from_asset, to, differs, reason };
        Ok(Some(self.after(by, at, change::Change::Place(change))))
    }

    pub(crate) fn evolve_place(&mut self, _event: &Event, change: &Change) {
        match change {
            Change::Changed { to, .. } => self.groups.place.clone_from(to),
        }
    }
}
