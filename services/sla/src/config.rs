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
    /// `[schedules]`
    pub schedules: SchedulesConfig,
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

/// How recurring work runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulesConfig {
    /// A planned time that is taken on later than this after it was missed.
    pub missed_after: SignedDuration,
    /// How many missed times are made up for at once.
    pub catch_up_most: u16,
    /// The longest sleep between two looks.
    pub look_every: SignedDuration,
    /// How long an attempt may take before another replica makes one.
    pub attempt_for: SignedDuration,
    /// From an attempt that did not succeed to the next; doubled each time.
    pub retry_after: SignedDuration,
    /// The longest time between two attempts.
    pub retry_at_most: SignedDuration,
    /// When a run that does not succeed is given up.
    pub give_up_after: SignedDuration,
    /// How long runs that are over are kept.
    pub keep_runs: SignedDuration,
}

impl SchedulesConfig {
    /// Tickets knows a request again for seven days; an attempt after that would make a second ticket.
    const GIVE_UP_AT_MOST: SignedDuration = SignedDuration::from_hours(6 * 24);
    /// What a call to tickets may take.
    const ATTEMPT_AT_LEAST: SignedDuration = SignedDuration::from_secs(35);

    /// Sees whether it can work.
    ///
    /// # Errors
    /// With the key that cannot.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.catch_up_most >= 1, "schedules.catch_up_most: 1 or more");
        anyhow::ensure!(self.attempt_for >= Self::ATTEMPT_AT_LEAST, "schedules.attempt_for: 35s or more");
        let times = [
            ("missed_after", self.missed_after),
            ("look_every", self.look_every),
            ("retry_after", self.retry_after),
            ("retry_at_most", self.retry_at_most),
            ("give_up_after", self.give_up_after),
            ("keep_runs", self.keep_runs),
        ];
        for (key, time) in times {
            anyhow::ensure!(time > SignedDuration::ZERO, "schedules.{key}: longer than nothing");
        }
        anyhow::ensure!(self.give_up_after <= Self::GIVE_UP_AT_MOST, "schedules.give_up_after: at most 144h");
        Ok(())
    }
}
