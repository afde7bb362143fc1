//! Where a ticket goes.

use std::fmt;

/// Where a ticket goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a unit, perhaps a person.
    Dispatch {
        /// The unit.
        unit_id: String,
        /// The person; none: any of the unit.
        person_id: Option<String>,
    },
    /// To a pool.
    Pool {
        /// The unit whose members may claim it; none: the manual pool, for dispatchers.
        unit_id: Option<String>,
        /// Why.
        reason: String,
        /// How many tickets from pools a person may have in hand, this one included, who claims it; 0: any number.
        claim_limit: u32,
    },
}

impl Target {
    /// The unit that gets it or may claim it.
    #[must_use]
    pub fn unit_id(&self) -> Option<&str> {
        match self {
            Self::Dispatch { unit_id, .. } => Some(unit_id),
            Self::Pool { unit_id, .. } => unit_id.as_deref(),
        }
    }

    /// The person who gets it.
    #[must_use]
    pub fn person_id(&self) -> Option<&str> {
        match self {
            Self::Dispatch { person_id, .. } => person_id.as_deref(),
            Self::Pool { .. } => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dispatch { unit_id, person_id: None } => write!(f, "{unit_id}"),
            Self::Dispatch { unit_id, person_id: Some(person) } => write!(f, "{person} of {unit_id}"),
            Self::Pool { unit_id: None, .. } => f.write_str("manual pool"),
            Self::Pool { unit_id: Some(unit), .. } => write!(f, "pool of {unit}"),
        }
    }
}
