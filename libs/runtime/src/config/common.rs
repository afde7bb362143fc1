//! The sections that every service has.

use super::{ConnectionsConfig, LimitsConfig};
use gongdan_access::AccessConfig;
use gongdan_audit::AuditConfig;
use gongdan_auth::AuthConfig;
use gongdan_bus::BusConfig;
use gongdan_outbox::ConsumerConfig;
use gongdan_pg::PgConfig;
use gongdan_telemetry::TelemetryConfig;
use gongdan_tls::{ClientTlsConfig, ServerTlsConfig};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

/// Defaults of these sections, with a comment per key.
pub const COMMON_DEFAULTS: &str = include_str!("../../common.default.toml");

/// The sections that every service has; a service flattens them into its own configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct CommonConfig {
    /// `[server]`
    pub server: ServerConfig,
    /// `[postgres]`
    pub postgres: PgConfig,
    /// `[bus]`
    pub bus: BusConfig,
    /// `[auth]`
    pub auth: AuthConfig,
    /// `[access]`
    pub access: AccessConfig,
    /// `[audit]`
    pub audit: AuditConfig,
    /// `[telemetry]`
    pub telemetry: TelemetryConfig,
    /// `[peers]`
    pub peers: PeersConfig,
    /// `[consumers]`
    pub consumers: ConsumersConfig,
}

/// How the consumers of other services' events pace themselves, and how patient they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumersConfig {
    /// Shortest time from one batch to the next.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub pace: Duration,
    /// Age of a gap at which the owner is asked.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub gap_after: Duration,
    /// Tries before a dead letter.
    pub max_attempts: i32,
    /// Pause before the second try.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub backoff: Duration,
}

impl ConsumersConfig {
    /// What a consumer is started with.
    #[must_use]
    pub fn consumer(&self) -> ConsumerConfig {
        ConsumerConfig {
            pace: self.pace,
            gap_after: self.gap_after,
            max_attempts: self.max_attempts,
            backoff: self.backoff,
            ..ConsumerConfig::default()
        }
    }
}

/// Where the service listens and how much it takes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address for gRPC.
    pub listen: String,
    /// Address for `/metrics`, `/healthz`, `/readyz`; empty: none.
    pub metrics_listen: String,
    /// Threads of the process; 0: as many as suit the machine.
    pub worker_threads: usize,
    /// Calls served at once; more wait for nothing and get RESOURCE_EXHAUSTED.
    pub concurrency: usize,
    /// Streams one connection may have open.
    pub streams_per_connection: u32,
    /// The longest a call may take to answer; a shorter `grpc-timeout` wins.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub deadline: Duration,
    /// How long running calls may take to finish after the order to stop.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub drain: Duration,
    /// The largest message accepted, in bytes.
    pub max_message_bytes: usize,
    /// The largest message answered with, in bytes.
    pub max_answer_bytes: usize,
    /// Origins that browsers may call from over gRPC-Web, for example `https://desk.example.cn`; `*` is any.
    pub web_origins: Vec<String>,
    /// How the dependencies are watched.
    pub wait: WaitConfig,
    /// What one caller may take.
    pub limits: LimitsConfig,
    /// What connections may take.
    pub connections: ConnectionsConfig,
    /// What it shows those who connect, and what it asks of them.
    pub tls: ServerTlsConfig,
}

/// How the dependencies are watched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitConfig {
    /// Between two looks at database and bus.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub check_interval: Duration,
    /// Between two log lines that say what is waited for.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub remind_interval: Duration,
}

/// Where the other services are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeersConfig {
    /// File with the token this service shows its peers; read again when it changes. Empty: it has none.
    pub token_file: String,
    /// What it shows them, and whom it trusts.
    pub tls: ClientTlsConfig,
    /// Service name to its address, for example `tickets = "http://127.0.0.1:7101"`.
    pub addresses: BTreeMap<String, String>,
}
