//! What can be set; every key stands with its comment in `config.default.toml`.

use gongdan_runtime::CommonConfig;
use jiff::SignedDuration;
use serde::Deserialize;

/// Configuration of the sla service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Sections that every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[calendars]`
    pub calendars: CalendarsConfig,
    /// `[policies]`
    pub policies: PoliciesConfig,
    /// `[timers]`
    pub timers: TimersConfig,
}

/// What is told of calendars.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarsConfig {
    /// How many days ahead holidays are to be known; fewer are a warning.
    pub warn_ahead: u32,
}

/// Which policies count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoliciesConfig {
    /// The set of tickets whose catalogue item names none.
    pub default_set: String,
}

/// How warnings and breaches fire.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimersConfig {
    /// From when on a firing is late.
    pub late_after: SignedDuration,
    /// How many clocks one transaction fires.
    pub batch: u16,
    /// The longest sleep between two looks.
    pub look_every: SignedDuration,
    /// How long an imported ticket may take to say what follows.
    pub settle_after: SignedDuration,
    /// How long timers that are behind wait for ticket events that piled up.
    pub catch_up: SignedDuration,
}
