//! Who may do what.
//!
//! Each RPC names an action in its contract; Cedar policies answer for a caller's roles and rights and for how a ticket
//! stands to the caller ([`Facts`]). As these are few, the answers for all of them are one [`Table`], which decides a
//! single ticket ([`Scope::allows`]) and is the condition that lists are filtered by in SQL ([`Scope::push`]): the two
//! cannot differ.
//!
//! - [`Access`]: the policies in force; replaced while running when their file changes, kept when the new are bad.
//! - [`AccessLayer`]: refuses a call before its handler when no ticket at all would do; hands [`Caller`] on.
//! - [`caller`]: what handlers begin with.
//! - [`Standing`]: the caller of a stream, asked again while it lasts.

mod access;
mod caller;
mod config;
mod coverage;
mod error;
mod facts;
mod lasting;
mod layer;
mod matrix;
mod policies;
mod projection;
mod roles;
mod scope;
mod sensitive;
mod sql;
mod standing;
#[cfg(feature = "testing")]
pub mod testing;

pub use access::Access;
pub use caller::{Caller, caller, guard};
pub use config::AccessConfig;
pub use coverage::{Uncovered, check_coverage};
pub use error::InvalidPolicies;
pub use facts::{Facts, Table};
pub use layer::{AccessLayer, AccessService};
pub use matrix::matrix;
pub use policies::{DEFAULT_POLICIES, Policies, SCHEMA};
pub use projection::{MIGRATOR, OF_NO_TICKET, SCOPE_EVENTS, ScopeParameters, ScopeProjection, project};
pub use roles::{ROLES, Rights};
pub use scope::{Item, Scope};
pub use sensitive::sees_sensitive;
pub use sql::Columns;
pub use standing::Standing;
