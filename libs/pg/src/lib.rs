//! PostgreSQL for every service: the pool, migrations of libraries and services in one order, errors by their meaning,
//! remembered requests, monthly partitions.

mod config;
mod connect;
mod error;
pub mod maintenance;
pub mod partitions;
pub mod requests;
mod schema;

pub use config::PgConfig;
pub use connect::{BY_KEY, connect, connect_alone};
pub use error::{constraint, error, is_transient};
pub use partitions::ensure_partitions;
pub use requests::RequestKey;
pub use schema::{Schema, SchemaError};

use sqlx::migrate::Migrator;

/// The tables of this library: `requests`.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");
