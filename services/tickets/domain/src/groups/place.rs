//! Where it is about, as far as everybody may know: the grid. Address and point are personal and kept elsewhere.
//! Source: T37.

use crate::place::CoordinateSystem;
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

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacePart {
    /// The grid, if known.
    pub grid: Option<Grid>,
    /// Address or point are kept.
    pub kept: bool,
    /// What the point was given in, if there is one.
    pub given_in: Option<CoordinateSystem>,
}

impl PlacePart {
    /// The place is gone; the grid, which many live in, stays.
    pub(crate) fn forget(&mut self) {
        self.kept = false;
        self.given_in = None;
    }
}
