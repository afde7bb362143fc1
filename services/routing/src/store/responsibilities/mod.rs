//! Who answers for which customer or asset: what is kept, and who may say it. Source: R5.

mod list;
mod revisions;
mod rights;
mod rows;
mod write;

#[cfg(test)]
pub(super) use list::list;
pub use rights::ResponsibilityRights;
pub use rows::forget;
pub(super) use rows::{of_assets, of_customers};

use gongdan_routing_domain::responsible::Responsibility;
use jiff::Timestamp;
use uuid::Uuid;

/// A responsibility as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptResponsibility {
    /// The responsibility.
    pub one: Responsibility,
    /// Its version, which is its etag.
    pub version: i64,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Who wrote it last.
    pub updated_by: String,
}

/// Which responsibilities; all given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponsibilityFilter {
    /// For a customer.
    pub customer_id: Option<Uuid>,
    /// For an asset.
    pub asset: Option<String>,
    /// Of a person.
    pub person_id: Option<String>,
    /// Those too that are over.
    pub all: bool,
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponsibilityImport {
    /// How many began.
    pub begun: i32,
    /// How many went.
    pub gone: i32,
    /// How many were there as given.
    pub unchanged: i32,
}
