//! Ticket types as data: what ships, and a house's own, each counted as one that ships. Source: T7.

use crate::{text::Line, vocabulary::TicketType};
use std::fmt;

/// What a type is called in requests and tables: 1 to 40 of a-z, 0-9, '_', beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeKey(String);

/// No key of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 40 of a-z, 0-9, '_', beginning with a letter")]
pub struct InvalidTypeKey;

impl TypeKey {
    /// From its text.
    ///
    /// # Errors
    /// When it has other characters or another length.
    pub fn parse(text: &str) -> Result<Self, InvalidTypeKey> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if first && text.len() <= 40 && text.bytes().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTypeKey)
        }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The type that ships under this key.
    #[must_use]
    pub fn built_in(&self) -> Option<TicketType> {
        TicketType::from_name(&self.0)
    }
}

impl From<TicketType> for TypeKey {
    fn from(kind: TicketType) -> Self {
        Self(kind.name().to_owned())
    }
}

impl fmt::Display for TypeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people read for a type.
pub type TypeName = Line<1, 40>;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is called in requests.
    pub key: TypeKey,
    /// In Chinese.
    pub name_zh: TypeName,
    /// In English.
    pub name_en: TypeName,
    /// What it counts as: matrices, policies and reports know these.
    pub base: TicketType,
    /// Whether new requests may have it.
    pub enabled: bool,
}

/// What is wrong with a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDefinition {
    /// A type that ships counts as something else.
    #[error("{0}, as this type ships")]
    Base(TicketType),
}

impl Definition {
    /// Whether it may be put.
    ///
    /// # Errors
    /// When a type that ships is to count as another.
    pub fn check(&self) -> Result<(), InvalidDefinition> {
        match self.key.built_in() {
            Some(own) if own != self.base => Err(InvalidDefinition::Base(own)),
            _ => Ok(()),
        }
    }
}

/// The names of the types that ship.
#[must_use]
pub const fn shipped_names(kind: TicketType) -> (&'static str, &'static str) {
    match kind {
        TicketType::Consultation => ("咨询", "Consultation"),
        TicketType::Complaint => ("投诉", "Complaint"),
        TicketType::Report => ("举报", "Report"),
        TicketType::Suggestion => ("建议", "Suggestion"),
        TicketType::Help => ("求助", "Help"),
        TicketType::Praise => ("表扬", "Praise"),
        TicketType::Incident => ("故障", "Incident"),
        TicketType::BusinessProcessing => ("业务处理", "Business processing"),
        TicketType::Maintenance => ("维护作业", "Maintenance"),
        TicketType::Other => ("其他", "Other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_words() {
        for good in ["complaint", "noise_complaint", "t2"] {
            assert!(TypeKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "2t", "_t", "Noise", "噪音", "a-b", &"a".repeat(41)] {
            assert!(TypeKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_type_that_ships_counts_as_itself() {
        let own = |key: &str, base| Definition {
            key: TypeKey::parse(key).unwrap(),
            name_zh: TypeName::parse("某").unwrap(),
            name_en: TypeName::parse("some").unwrap(),
            base,
            enabled: true,
        };
        assert_eq!(own("noise", TicketType::Complaint).check(), Ok(()));
        assert_eq!(own("complaint", TicketType::Complaint).check(), Ok(()));
        assert_eq!(
            own("complaint", TicketType::Praise).check(),
            Err(InvalidDefinition::Base(TicketType::Complaint))
        );
        for &kind in TicketType::ALL {
            assert_eq!(TypeKey::from(kind).built_in(), Some(kind));
        }
    }
}
