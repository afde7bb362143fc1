//! Where the database is, and how much of it a service may use.

use secrecy::SecretString;
use serde::Deserialize;

/// The `[postgres]` section of every service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PgConfig {
    /// `postgres://user:password@host:port/database`, with `?sslmode=…` and the like.
    pub url: SecretString,
    /// Connections at most; the relay keeps one of its own beside them.
    pub max_connections: u32,
    /// Connections kept open when nothing happens.
    pub min_connections: u32,
    /// Seconds a call waits for a connection before it fails with UNAVAILABLE.
    pub acquire_timeout_seconds: u64,
    /// Seconds after which a connection nobody used is closed.
    pub idle_timeout_seconds: u64,
    /// Seconds after which the server gives a statement up; 0: never.
    pub statement_timeout_seconds: u64,
}

impl Default for PgConfig {
    fn default() -> Self {
        Self {
            url: SecretString::from("postgres://postgres@127.0.0.1:5432/postgres"),
            max_connections: 10,
            min_connections: 0,
            acquire_timeout_seconds: 5,
            idle_timeout_seconds: 60,
            statement_timeout_seconds: 60,
        }
    }
}

impl PgConfig {
    /// The defaults for one database.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: SecretString::from(url.into()), ..Self::default() }
    }
}
