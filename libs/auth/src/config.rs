//! `[auth]` of the services' configuration.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// Whose tokens are accepted, and for whom they must be meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Issuers whose tokens are accepted; at least one.
    pub issuers: Vec<IssuerConfig>,
    /// What a token's `aud` must name.
    pub audience: String,
    /// How far clocks may differ when `exp` and `nbf` are judged.
    #[serde(
        default = "default_leeway",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub leeway: Duration,
    /// The least time between two fetches of an issuer's keys, however many unknown key ids arrive.
    #[serde(
        default = "default_jwks_interval",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub jwks_min_interval: Duration,
    /// Keys are fetched again after this time even if every key id is known, so that a withdrawn key ends.
    #[serde(
        default = "default_jwks_max_age",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub jwks_max_age: Duration,
    /// How many verified tokens are remembered.
    #[serde(default = "default_token_cache")]
    pub token_cache: u64,
    /// How long a principal is taken from memory; what another replica learnt shows after this time at the latest.
    #[serde(
        default = "default_principal_ttl",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub principal_ttl: Duration,
}

/// One issuer and where its keys are: exactly one of `jwks_url` and `jwks_file`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The token's `iss`.
    pub issuer: String,
    /// Where the JWKS document is fetched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// A JWKS document on disk; read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,
}

impl AuthConfig {
    /// Accepts the tokens of one issuer whose keys are in a file; everything else as by default.
    #[must_use]
    pub fn local(issuer: impl Into<String>, jwks_file: PathBuf, audience: impl Into<String>) -> Self {
        Self {
            issuers: vec![IssuerConfig { issuer: issuer.into(), jwks_url: None, jwks_file: Some(jwks_file) }],
            audience: audience.into(),
            leeway: default_leeway(),
            jwks_min_interval: default_jwks_interval(),
            jwks_max_age: default_jwks_max_age(),
            token_cache: default_token_cache(),
            principal_ttl: default_principal_ttl(),
        }
    }
}

/// The `[auth]` section cannot work.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAuthConfig {
    /// No issuer at all.
    #[error("auth.issuers names no issuer, so nobody could call")]
    NoIssuer,
    /// No audience.
    #[error("auth.audience is empty")]
    NoAudience,
    /// Neither or both of URL and file.
    #[error("issuer {0} needs exactly one of jwks_url and jwks_file")]
    Keys(String),
    /// The HTTP client could not be made.
    #[error("no HTTP client for JWKS documents: {0}")]
    Http(#[from] reqwest::Error),
}

const fn default_leeway() -> Duration {
    Duration::from_secs(30)
}

const fn default_jwks_interval() -> Duration {
    Duration::from_secs(10)
}

const fn default_jwks_max_age() -> Duration {
    Duration::from_secs(3600)
}

const fn default_token_cache() -> u64 {
    10_000
}

const fn default_principal_ttl() -> Duration {
    Duration::from_secs(10)
}
