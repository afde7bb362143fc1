//! All SQL of the service: one file a table, `clocks` in a directory for its kinds of statements.

pub mod calendars;
pub mod clocks;
pub mod firings;
pub mod policy_sets;
pub mod schedule_runs;
pub mod schedules;
mod shipped;
mod terms;

pub use shipped::put_shipped;
pub use terms::{Heads, TermsCache, split_id};

/// What the product ships is imported under this name.
pub const SHIPPED_BY: &str = "gongdan";
