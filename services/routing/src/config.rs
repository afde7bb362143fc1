//! What `config.default.toml` says, with every key commented there.

use gongdan_runtime::CommonConfig;
use jiff::{SignedDuration, civil::Time};
use serde::Deserialize;
use std::time::Duration;

/// The service's configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The sections every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[organisation]`
    pub organisation: OrganisationConfig,
    /// `[imports]`
    pub imports: ImportsConfig,
    /// `[bootstrap]`
    pub bootstrap: BootstrapConfig,
    /// `[decisions]`
    pub decisions: DecisionsConfig,
    /// `[suggestions]`
    pub suggestions: SuggestionsConfig,
    /// `[duty]`
    pub duty: DutyConfig,
    /// `[reassignments]`
    pub reassignments: ReassignmentsConfig,
}

/// Units, people, areas.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationConfig {
    /// Issuer of imported principals that name none; empty: the first of `auth.issuers`.
    pub default_issuer: String,
}

/// What comes in parts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportsConfig {
    /// Without another part, an import is given up.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub idle: Duration,
    /// The parts of an import come within this time.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub longest: Duration,
    /// Bytes of all parts of an import.
    pub max_bytes: u64,
    /// Imports at a time in each process.
    pub at_once: u16,
}

/// Who may call while nobody has been imported yet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapConfig {
    /// JSON list of principals; empty: none.
    pub principals_file: String,
}

/// What people may have in hand.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyConfig {
    /// How many tickets a person may have at a time when neither rule nor roster says it.
    pub capacity: u32,
}

/// Reassignments in bulk.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReassignmentsConfig {
    /// How many tickets in one transaction.
    pub at_once: u16,
    /// How long between two of them.
    pub pause: SignedDuration,
    /// How often it is looked whether tickets has answered everything.
    pub look_every: SignedDuration,
    /// How old a decision is that tickets does not answer when one that was stopped gives it up.
    pub give_up_after: SignedDuration,
}

/// Decisions that nobody answers.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionsConfig {
    /// When it is sent again for the first time; twice as long each further time.
    pub resend_after: SignedDuration,
    /// The longest wait.
    pub resend_at_most: SignedDuration,
    /// How many in one transaction.
    pub resend_batch: u16,
}

/// Learning which item and unit to suggest.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuggestionsConfig {
    /// How often tickets that resolved are learnt from.
    pub learn_every: SignedDuration,
    /// So many of them each time, the newest; others wait for the next training.
    pub learn_at_once: u16,
    /// So many of the newest resolved tickets are learnt from in a training.
    pub train_on: u32,
    /// How often tickets is asked which items can be chosen.
    pub catalogue_every: SignedDuration,
    /// A training every so many days; 0: only when somebody asks for one.
    pub train_every_days: u16,
    /// When, in Asia/Shanghai.
    pub train_at: Time,
    /// Only when so many tickets were learnt from since the last one.
    pub train_after: u32,
}

/// The configuration cannot be worked by.
#[derive(Debug, thiserror::Error)]
#[error("{0} must be more than zero")]
pub struct NotPositive(&'static str);

impl Config {
    /// Refuses what cannot be worked by.
    ///
    /// # Errors
    /// Names the key.
    pub fn check(&self) -> Result<(), NotPositive> {
        let decisions = &self.decisions;
        for (key, positive) in [
            ("imports.idle", !self.imports.idle.is_zero()),
            ("imports.longest", !self.imports.longest.is_zero()),
            ("imports.max_bytes", self.imports.max_bytes > 0),
            ("imports.at_once", self.imports.at_once > 0),
            ("decisions.resend_after", decisions.resend_after.is_positive()),
            ("decisions.resend_at_most", decisions.resend_at_most.is_positive()),
            ("decisions.resend_batch", decisions.resend_batch > 0),
            ("suggestions.learn_every", self.suggestions.learn_every.is_positive()),
            ("suggestions.learn_at_once", self.suggestions.learn_at_once > 0),
            ("suggestions.catalogue_every", self.suggestions.catalogue_every.is_positive()),
            ("suggestions.train_on", self.suggestions.train_on > 0),
            ("duty.capacity", self.duty.capacity > 0),
            ("reassignments.at_once", self.reassignments.at_once > 0),
            ("reassignments.pause", self.reassignments.pause.is_positive()),
            ("reassignments.look_every", self.reassignments.look_every.is_positive()),
            ("reassignments.give_up_after", self.reassignments.give_up_after.is_positive()),
        ] {
            if !positive {
                return Err(NotPositive(key));
            }
        }
        Ok(())
    }

    /// Issuer of imported principals that name none; empty when none is configured.
    #[must_use]
    pub fn default_issuer(&self) -> &str {
        match self.organisation.default_issuer.as_str() {
            "" => self.common.auth.issuers.first().map_or("", |issuer| issuer.issuer.as_str()),
            named => named,
        }
    }
}

impl DecisionsConfig {
    /// How long to wait for an answer to the `sent`th sending, from 1.
    #[must_use]
    pub fn wait(&self, sent: i64) -> SignedDuration {
        let doublings = u32::try_from(sent.clamp(1, 30) - 1).unwrap_or(0);
        self.resend_after.checked_mul(1 << doublings).unwrap_or(self.resend_at_most).min(self.resend_at_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let minutes = SignedDuration::from_mins;
        let config =
            DecisionsConfig { resend_after: minutes(1), resend_at_most: minutes(10), resend_batch: 1 };
        let waits: Vec<_> = (1..=6).map(|sent| config.wait(sent)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10].map(minutes));
        assert_eq!(config.wait(i64::MAX), minutes(10));
    }
}
