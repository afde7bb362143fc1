//! Who read or changed what, from where. Source: X9.
//!
//! Each service keeps its own audit log in schema `audit` of its database, apart from its business tables: rows are only
//! added, and chained by hashes, so that a change, a gap or a cut shows.
//!
//! - [`Audit`] starts the writer; its [`AuditLayer`] stands before the authentication door and sees how each call ends,
//!   its [`WitnessLayer`] stands behind it and sees who calls and what the request names.
//! - [`touched`], [`note`] and [`personal`] are for handlers: what the answer is about; [`current`] for streams that go on.
//! - [`AuditServer`] serves the log to auditors.
//!
//! What an RPC leaves is said by its option `gongdan.common.v1.access` and by nothing else.

mod body;
mod call;
mod caller;
mod chain;
mod config;
mod entry;
mod layer;
mod metrics;
mod names;
mod peer;
mod pending;
#[cfg(test)]
mod plans;
mod server;
mod store;
mod upkeep;
mod verify;
mod witness;
mod writer;

pub use call::{OfCall, current, note, personal, touched};
pub use chain::{GENESIS, digest, link};
pub use config::AuditConfig;
pub use layer::{AuditLayer, AuditService};
pub use server::AuditServer;
pub use witness::{WitnessLayer, WitnessService};
pub use writer::Audit;

/// Creates schema `audit`; part of every service's schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
