//! What `config.default.toml` says, with every key commented there.

use gongdan_callback_domain::{InvalidHours, PermittedHours, Policy};
use gongdan_runtime::CommonConfig;
use jiff::SignedDuration;
use serde::Deserialize;

/// The service's configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The sections every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[hours]`
    pub hours: HoursConfig,
    /// `[attempts]`
    pub attempts: AttemptsConfig,
    /// `[task]`
    pub task: TaskConfig,
    /// `[reopen]`
    pub reopen: ReopenConfig,
    /// `[sample]`
    pub sample: SampleConfig,
    /// `[queue]`
    pub queue: QueueConfig,
}

/// When a citizen may be promised a call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursConfig {
    /// IANA time zone.
    pub zone: String,
    /// `09:00-12:00` and so on, in order.
    pub windows: Vec<String>,
}

/// When it was tried often enough.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptsConfig {
    /// Attempts in all.
    pub max: u16,
    /// Refusals.
    pub max_refused: u16,
    /// Wrong numbers.
    pub max_wrong_number: u16,
    /// How far ahead the next may be.
    pub furthest_next: SignedDuration,
}

/// Times of a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskConfig {
    /// From opening to due.
    pub due_after: SignedDuration,
    /// How long an agent keeps it.
    pub hold_for: SignedDuration,
}

/// Who is asked without having to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleConfig {
    /// Of a hundred tickets answered at intake.
    pub answered_percent: u8,
}

/// What reopens a ticket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReopenConfig {
    /// Not solved.
    pub unsolved: bool,
    /// Not satisfied.
    pub dissatisfied: bool,
}

/// The queue's watch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// The longest time between two counts.
    pub count_every: SignedDuration,
}

/// The configuration cannot be worked by.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// In `[hours]`.
    #[error("hours: {0}")]
    Hours(#[from] InvalidHours),
    /// A number or time that must be more than zero.
    #[error("{0} must be more than zero")]
    NotPositive(&'static str),
}

impl Config {
    /// How callbacks are done.
    ///
    /// # Errors
    /// When the hours are none, or a limit is zero.
    pub fn policy(&self) -> Result<Policy, InvalidConfig> {
        for (key, positive) in [
            ("attempts.max", self.attempts.max > 0),
            ("attempts.max_refused", self.attempts.max_refused > 0),
            ("attempts.max_wrong_number", self.attempts.max_wrong_number > 0),
            ("attempts.furthest_next", self.attempts.furthest_next.is_positive()),
            ("task.due_after", self.task.due_after.is_positive()),
            ("task.hold_for", self.task.hold_for.is_positive()),
            ("queue.count_every", self.queue.count_every.is_positive()),
        ] {
            if !positive {
                return Err(InvalidConfig::NotPositive(key));
            }
        }
        Ok(Policy {
            hours: PermittedHours::new(&self.hours.zone, &self.hours.windows)?,
            max_attempts: i32::from(self.attempts.max),
            max_refused: i32::from(self.attempts.max_refused),
            max_wrong_number: i32::from(self.attempts.max_wrong_number),
            furthest_next: self.attempts.furthest_next,
            due_after: self.task.due_after,
            hold_for: self.task.hold_for,
            reopen_unsolved: self.reopen.unsolved,
            reopen_dissatisfied: self.reopen.dissatisfied,
        })
    }
}
