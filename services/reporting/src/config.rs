//! What `config.default.toml` says, with every key commented there.

use gongdan_outbox::ConsumerConfig;
use gongdan_runtime::CommonConfig;
use serde::Deserialize;
use std::time::Duration;

/// The service's configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The sections every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[consumers]`
    pub consumers: ConsumersConfig,
    /// `[rebuild]`
    pub rebuild: RebuildConfig,
}

/// How patient the consumers are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumersConfig {
    /// Age of a gap at which the owner is asked.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub gap_after: Duration,
    /// Tries before a dead letter.
    pub max_attempts: i32,
    /// Pause before the second try.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub backoff: Duration,
}

/// How a rebuild goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildConfig {
    /// Between two notes of how far it is.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub note_every: Duration,
    /// Tries to reach an owner that is away.
    pub max_attempts: u32,
    /// Pause before such a try.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub pause: Duration,
}

impl ConsumersConfig {
    pub(crate) fn consumer(&self) -> ConsumerConfig {
        ConsumerConfig {
            gap_after: self.gap_after,
            max_attempts: self.max_attempts,
            backoff: self.backoff,
            ..ConsumerConfig::default()
        }
    }
}
