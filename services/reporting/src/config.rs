//! What `config.default.toml` says, with every key commented there.

use gongdan_runtime::CommonConfig;
use serde::Deserialize;
use std::time::Duration;

/// The service's configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The sections every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[rebuild]`
    pub rebuild: RebuildConfig,
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
