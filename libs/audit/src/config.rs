//! `[audit]` of the services' configuration.

use ipnet::IpNet;
use serde::Deserialize;
use std::time::Duration;

/// What a month must have behind it before it may be dropped; the database refuses less.
pub(crate) const KEEP_LEAST: u32 = 180;

/// How the audit log is written and kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Days an entry is kept at least; whole months are dropped. No less than 180.
    #[serde(deserialize_with = "keep_days")]
    pub keep_days: u32,
    /// Longest time from the end of a call to its entry, where the call does not wait for it.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub flush_interval: Duration,
    /// Entries that may wait to be written; when so many wait, calls wait too.
    #[serde(deserialize_with = "queue")]
    pub queue: usize,
    /// Between two log lines that tell the end of the chain.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub head_interval: Duration,
    /// Proxies whose `x-forwarded-for` is believed, as networks.
    pub trusted_proxies: Vec<IpNet>,
}

fn keep_days<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let days = u32::deserialize(from)?;
    if days < KEEP_LEAST {
        return Err(serde::de::Error::custom(format!("audit.keep_days is {KEEP_LEAST} or more")));
    }
    Ok(days)
}

fn queue<'de, D: serde::Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let entries = usize::deserialize(from)?;
    if !(1..=1_000_000).contains(&entries) {
        return Err(serde::de::Error::custom("audit.queue is 1 to 1000000"));
    }
    Ok(entries)
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            keep_days: 1095,
            flush_interval: Duration::from_millis(200),
            queue: 8192,
            head_interval: Duration::from_secs(600),
            trusted_proxies: Vec::new(),
        }
    }
}
