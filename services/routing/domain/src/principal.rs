//! Callers: staff, services, citizens. Routing is the authority on what they may be. Source: DESIGN rule 16.

use gongdan_region::{RegionCode, Regions};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet};

/// What somebody is to be: their states to come, by when each begins. Source: R1, effective dates.
pub type PrincipalPlan = BTreeMap<Timestamp, Principal>;

/// Every role there is.
pub const ROLES: [&str; 10] = [
    "administrator",
    "agent",
    "analyst",
    "auditor",
    "citizen",
    "dispatcher",
    "handler",
    "service",
    "supervisor",
    "unit_leader",
];

/// Rights beyond roles.
pub const RIGHTS: [&str; 2] = ["personal", "sensitive"];

/// What kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// Staff.
    Person,
    /// A program.
    Service,
    /// A citizen or customer.
    Citizen,
}

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Chosen by people: `li.wei`.
    pub id: String,
    /// The token's `iss`.
    pub issuer: String,
    /// The token's `sub`.
    pub subject: String,
    /// What people read.
    pub name: String,
    /// What kind of caller.
    pub kind: PrincipalKind,
    /// Of [`ROLES`], sorted.
    pub roles: Vec<String>,
    /// Units it belongs to, in the order given.
    pub unit_ids: Vec<String>,
    /// Regions it may see, each with its subtree.
    pub regions: Vec<RegionCode>,
    /// Of [`RIGHTS`], sorted.
    pub rights: Vec<String>,
    /// Staff e-mail; none: no mail.
    pub email: Option<String>,
    /// Skills, in the order given.
    pub skills: Vec<String>,
    /// 1 to 3.
    pub tier: u8,
    /// False: refused at every door.
    pub active: bool,
    /// `zh-CN` or `en`.
    pub language: String,
    /// Of a citizen: the customer whose requests are theirs.
    pub customer_id: Option<uuid::Uuid>,
}

impl Principal {
    /// Issuer and subject of its tokens.
    #[must_use]
    pub fn token(&self) -> (String, String) {
        (self.issuer.clone(), self.subject.clone())
    }

    /// Whether it stands where another one of the same id stands: names, mail and tokens do not matter.
    #[must_use]
    pub fn stands_as(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.roles == other.roles
            && self.unit_ids == other.unit_ids
            && self.regions == other.regions
            && self.rights == other.rights
            && self.skills == other.skills
            && self.tier == other.tier
            && self.active == other.active
    }

    /// What does not hold any more of what was checked when it was planned; none: all of it holds.
    pub(crate) fn stale(&self, units: &HashSet<String>) -> Option<String> {
        let role = self.roles.iter().find(|role| !ROLES.contains(&role.as_str()));
        let right = self.rights.iter().find(|right| !RIGHTS.contains(&right.as_str()));
        let unit = self.unit_ids.iter().find(|unit| !units.contains(*unit));
        let region = self.regions.iter().find(|region| !Regions::national().knows(**region));
        role.map(|role| format!("no role `{role}`"))
            .or_else(|| right.map(|right| format!("no right `{right}`")))
            .or_else(|| unit.map(|unit| format!("no unit `{unit}`")))
            .or_else(|| region.map(|region| format!("no region {region} is known")))
    }
}
