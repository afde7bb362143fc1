//! What `config.default.toml` says, with every key commented there.

use std::time::Duration;

use gongdan_notifications_domain::{Backoff, EndpointRules, Reach};
use gongdan_runtime::CommonConfig;
use ipnet::IpNet;
use jiff::{SignedDuration, tz::TimeZone};
use secrecy::SecretString;
use serde::Deserialize;

/// The service's configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The sections every service has.
    #[serde(flatten)]
    pub common: CommonConfig,
    /// `[text]`
    pub text: TextConfig,
    /// `[inbox]`
    pub inbox: InboxConfig,
    /// `[email]`
    pub email: EmailConfig,
    /// `[webhooks]`
    pub webhooks: WebhooksConfig,
    /// `[delivery]`
    pub delivery: DeliveryConfig,
    /// `[retention]`
    pub retention: RetentionConfig,
}

/// How messages read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextConfig {
    /// IANA zone.
    pub zone: String,
}

/// The inbox's live stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxConfig {
    /// Between two looks for items of other processes.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub poll: Duration,
    /// Between two answers of a quiet watch.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub heartbeat: Duration,
}

/// The SMTP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Whether anything is sent.
    pub enabled: bool,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How it is encrypted.
    pub tls: EmailTls,
    /// Empty: no authentication.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// The sender.
    pub from: String,
    /// For each step.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub timeout: Duration,
}

/// How SMTP is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailTls {
    /// Not at all.
    None,
    /// After STARTTLS, which must be offered.
    Starttls,
    /// From the first byte on.
    Implicit,
}

/// Endpoints of other systems.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Whether `http://` will do.
    pub allow_http: bool,
    /// Networks beside the public internet in which they may be.
    pub allow_networks: Vec<IpNet>,
    /// For one attempt.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub timeout: Duration,
    /// How long the secret before the last rotation still signs.
    pub old_secret_valid: SignedDuration,
}

impl WebhooksConfig {
    /// What endpoints may be.
    #[must_use]
    pub fn rules(&self) -> EndpointRules {
        EndpointRules { allow_http: self.allow_http, reach: Reach::new(self.allow_networks.clone()) }
    }
}

/// Sending and trying again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryConfig {
    /// In all.
    pub attempts: i32,
    /// Before the second attempt.
    pub first_retry: SignedDuration,
    /// Between two attempts at most.
    pub longest_retry: SignedDuration,
    /// At once.
    pub concurrency: usize,
    /// Until another process may take one over.
    pub lease: SignedDuration,
    /// Between two looks at most.
    pub look_again: SignedDuration,
}

/// What is kept for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Inbox items.
    pub inbox: SignedDuration,
    /// Deliveries that are not pending.
    pub deliveries: SignedDuration,
    /// Between two removals.
    pub interval: SignedDuration,
}

/// The configuration cannot be worked by.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// No such zone.
    #[error("text.zone: {0}")]
    Zone(jiff::Error),
    /// A number or time that must be more than zero.
    #[error("{0} must be more than zero")]
    NotPositive(&'static str),
    /// A process would be taken for dead while it sends.
    #[error("delivery.lease must be longer than webhooks.timeout and twice email.timeout")]
    Lease,
}

impl Config {
    /// Refuses what cannot be worked by.
    ///
    /// # Errors
    /// Names the key.
    pub fn check(&self) -> Result<(), InvalidConfig> {
        for (key, positive) in [
            ("inbox.poll", !self.inbox.poll.is_zero()),
            ("inbox.heartbeat", !self.inbox.heartbeat.is_zero()),
            ("email.timeout", !self.email.timeout.is_zero()),
            ("webhooks.timeout", !self.webhooks.timeout.is_zero()),
            ("delivery.attempts", self.delivery.attempts > 0),
            ("delivery.first_retry", self.delivery.first_retry.is_positive()),
            ("delivery.longest_retry", self.delivery.longest_retry.is_positive()),
            ("delivery.concurrency", self.delivery.concurrency > 0),
            ("delivery.look_again", self.delivery.look_again.is_positive()),
            ("retention.inbox", self.retention.inbox.is_positive()),
            ("retention.deliveries", self.retention.deliveries.is_positive()),
            ("retention.interval", self.retention.interval.is_positive()),
        ] {
            if !positive {
                return Err(InvalidConfig::NotPositive(key));
            }
        }
        let sending = self.webhooks.timeout.max(self.email.timeout * 2);
        if SignedDuration::try_from(sending).is_ok_and(|sending| self.delivery.lease <= sending) {
            return Err(InvalidConfig::Lease);
        }
        Ok(())
    }

    /// The zone in which people read times.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn zone(&self) -> Result<TimeZone, InvalidConfig> {
        TimeZone::get(&self.text.zone).map_err(InvalidConfig::Zone)
    }

    /// When a failed delivery is tried again.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        Backoff {
            first: self.delivery.first_retry,
            longest: self.delivery.longest_retry,
            attempts: self.delivery.attempts,
        }
    }
}
