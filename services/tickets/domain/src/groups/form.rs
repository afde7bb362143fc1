//! Form, type and channel standard it was taken down under, and what a draft does not say yet. Source: T1, T2, T6, T7, T9.

use crate::{refusal::Refusal, ticket::Ticket, ticket_type::TypeKey};
use std::fmt;

/// What a draft may leave open, and a ticket that is submitted does not. Source: T2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// What it is about.
    Subject,
    /// The citizen's words.
    Body,
    /// What kind of request; it stands as `other` meanwhile.
    Kind,
    /// Where; it stands in the region of whoever saved it meanwhile.
    Region,
}

impl Open {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Subject, Self::Body, Self::Kind, Self::Region];

    /// As the contract calls the field.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Body => "body",
            Self::Kind => "type",
            Self::Region => "region",
        }
    }

    /// By the name of the field.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|open| open.name() == name)
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormPart {
    /// A type of the house's own; none: the type that ships.
    pub type_key: Option<TypeKey>,
    /// The form that was filled in; empty: none.
    pub form: String,
    /// Its version; 0: none.
    pub form_version: i32,
    /// Seconds to the first response that its channel had as standard; 0: none.
    pub response_seconds: i32,
    /// The customer's tier then; empty for nobody.
    pub customer_tier: String,
    /// What a draft does not say yet; nothing once it is submitted.
    pub open: Vec<Open>,
}

impl Ticket {
    /// Refuses to go on with a draft that does not say all that is needed.
    pub(crate) fn require_complete(&self) -> Result<(), Refusal> {
        match self.groups.form.open.as_slice() {
            [] => Ok(()),
            open => Err(Refusal::Incomplete { open: open.to_vec() }),
        }
    }
}
