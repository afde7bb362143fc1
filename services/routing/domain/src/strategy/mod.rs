//! Which person of a unit gets a ticket: who could take it, why the others cannot, and whom the strategy names.
//! Source: R6.

mod pick;
mod staff;

pub use pick::{Asked, Picked, pick};
pub use staff::{Load, Slack, Staff};

use serde::{Deserialize, Serialize};

/// How one of those who can take a ticket is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The next one after whoever this rule chose last, in the order of ids.
    RoundRobin,
    /// Whoever has the smallest part of their capacity taken.
    LeastLoaded,
    /// The better somebody's skills fit and the more of their capacity is free, the sooner: the two multiplied.
    SkillWeighted,
    /// Whoever had the customer's last ticket about the same item; if they cannot take it, the least loaded.
    LastHandler,
}

/// What happens when nobody can take it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It waits in the unit's pool, where people of the unit claim it.
    #[default]
    Pool,
    /// The search goes on with the next rule.
    NextRule,
}

/// A person of a unit, by a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyTarget {
    /// The unit whose people may get it.
    pub unit_id: String,
    /// How one is chosen.
    pub strategy: Strategy,
    /// Skills that are needed, the most important first: all of them, or with [`Strategy::SkillWeighted`] at least one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// How many tickets a person may have at a time, unless a roster says it for the person; 0: as the roster says
    /// that names them, or the service.
    #[serde(default)]
    pub capacity: u32,
    /// When nobody can take it.
    #[serde(default)]
    pub otherwise: Otherwise,
    /// In the unit's pool, as that of [`crate::RuleTarget::Pool`].
    #[serde(default, skip_serializing_if = "is_none")]
    pub claim_limit: u32,
}

/// Nothing is kept of a limit that is none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
pub(crate) const fn is_none(limit: &u32) -> bool {
    *limit == 0
}

impl Strategy {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::RoundRobin => "round robin",
            Self::LeastLoaded => "least loaded",
            Self::SkillWeighted => "skill weighted",
            Self::LastHandler => "last handler",
        }
    }
}

#[cfg(test)]
mod tests;
