//! `[server.limits]` and `[server.connections]`: what one caller, one address and all of them together may take.

use serde::Deserialize;
use std::time::Duration;

/// What one caller may take, by what kind of caller it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Each citizen.
    pub citizen: ShareConfig,
    /// Each member of staff.
    pub person: ShareConfig,
    /// Each administrator, whose programs load and import.
    pub administrator: ShareConfig,
    /// Each service and other system.
    pub service: ShareConfig,
    /// Each address, for those who show no good token.
    pub address: AddressConfig,
}

/// What one caller may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareConfig {
    /// Calls a second in the long run; 0: any number.
    pub rate: u32,
    /// Calls that may come at once after a pause; of no meaning where `rate` is 0.
    pub burst: u32,
    /// Calls being answered at once; 0: any number.
    pub calls: usize,
    /// Streams open at once; 0: any number.
    pub streams: usize,
}

/// What one address may do without a good token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressConfig {
    /// Refused credentials a second in the long run; 0: any number.
    pub failures: u32,
    /// Refused credentials that may come at once after a pause.
    pub failure_burst: u32,
    /// Open calls of health and reflection; 0: any number.
    pub open_calls: usize,
}

/// How long connections live, how many there may be, and what each may carry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionsConfig {
    /// All together.
    pub most: usize,
    /// From one address; 0: any number.
    pub per_address: usize,
    /// How long a new one may take to begin to speak.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub begin: Duration,
    /// The age at which the client is asked to connect anew.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub age: Duration,
    /// How long after that calls and streams may go on.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub grace: Duration,
    /// Between two pings.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub ping_interval: Duration,
    /// How long the answer to a ping may take.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub ping_timeout: Duration,
    /// The largest list of headers.
    pub header_bytes: u32,
    /// Calls reset by the client before they were looked at.
    pub pending_resets: usize,
    /// Streams reset by the server for what the client did wrong.
    pub error_resets: usize,
    /// How long a client may leave the next part of an answer unread.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub reader_patience: Duration,
}
