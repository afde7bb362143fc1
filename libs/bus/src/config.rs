//! Where the bus is and how long it keeps what it carries.

use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;

/// The `[bus]` section of every service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusConfig {
    /// `nats://host:port`, several separated by commas; user and password, or a token in place of the user, may stand in
    /// it.
    pub url: SecretString,
    /// First token of all subjects and prefix of streams and durables; one per suite on a shared bus.
    pub root: String,
    /// Copies of each stream: 1 on one machine, 3 in a cluster.
    pub replicas: usize,
    /// Days a stream keeps an event.
    pub max_age_days: u64,
    /// Seconds between two fsyncs of the bus (`sync_interval` of the server): what an unclean restart may lose.
    pub sync_interval_seconds: u64,
    /// Seconds in which the bus itself drops a repeated event.
    pub duplicate_window_seconds: u64,
}

impl Default for BusConfig {
    fn default() -> Self {
        Self {
            url: SecretString::from("nats://127.0.0.1:4222"),
            root: "gongdan".into(),
            replicas: 1,
            max_age_days: 14,
            sync_interval_seconds: 120,
            duplicate_window_seconds: 120,
        }
    }
}

impl BusConfig {
    /// The defaults for one server and root.
    #[must_use]
    pub fn at(url: impl Into<String>, root: impl Into<String>) -> Self {
        Self { url: SecretString::from(url.into()), root: root.into(), ..Self::default() }
    }

    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_days.max(1) * 86_400)
    }

    /// What an unclean restart of the bus may have lost.
    #[must_use]
    pub fn sync_interval(&self) -> Duration {
        Duration::from_secs(self.sync_interval_seconds)
    }
}
