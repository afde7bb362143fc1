//! Callers: staff, services, citizens. Routing is the authority on what they may be. Source: DESIGN rule 16.

use gongdan_region::RegionCode;

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
