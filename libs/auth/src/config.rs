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
    /// Keys are fetched again before this age even if every key id is known, so that a withdrawn key ends.
    #[serde(
        default = "default_jwks_max_age",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub jwks_max_age: Duration,
    /// Keys of an issuer that is away are used up to this age.
    #[serde(
        default = "default_jwks_max_stale",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub jwks_max_stale: Duration,
    /// How many verified tokens are remembered.
    #[serde(default = "default_token_cache")]
    pub token_cache: u64,
    /// How long a principal is taken from memory; what another replica learnt shows after this time at the latest.
    #[serde(
        default = "default_principal_ttl",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub principal_ttl: Duration,
    /// Whether the token of a service is only good on a connection whose certificate names that service.
    #[serde(default)]
    pub service_certificates: bool,
}

/// One issuer and where its keys are: `jwks_url` or `jwks_file`, or where the issuer's discovery document says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The token's `iss`; with neither `jwks_url` nor `jwks_file` the URL that discovery begins at.
    pub issuer: String,
    /// Where the JWKS document is fetched from: https, or http on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// A JWKS document on disk; read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,
    /// Authorities, in PEM, that the issuer's own certificate may be of, instead of those known to all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl AuthConfig {
    /// Accepts the tokens of one issuer whose keys are in a file; everything else as by default.
    #[must_use]
    pub fn local(issuer: impl Into<String>, jwks_file: PathBuf, audience: impl Into<String>) -> Self {
        Self {
            issuers: vec![IssuerConfig {
                issuer: issuer.into(),
                jwks_url: None,
                jwks_file: Some(jwks_file),
                ca_file: None,
            }],
            audience: audience.into(),
            leeway: default_leeway(),
            jwks_min_interval: default_jwks_interval(),
            jwks_max_age: default_jwks_max_age(),
            jwks_max_stale: default_jwks_max_stale(),
            token_cache: default_token_cache(),
            principal_ttl: default_principal_ttl(),
            service_certificates: false,
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
    /// Two of the same name.
    #[error("auth.issuers names {0} twice")]
    Twice(String),
    /// Both URL and file.
    #[error("issuer {0} has both jwks_url and jwks_file: name one, or neither for discovery")]
    Keys(String),
    /// Keys would come from where anybody on the way could change them.
    #[error(
        "issuer {issuer}: {address:?} must be an https:// URL (http:// only on this machine), or name a jwks_file"
    )]
    Address {
        /// The issuer.
        issuer: String,
        /// Where its keys would be fetched from.
        address: String,
    },
    /// Tokens would be good long after their end.
    #[error("auth.leeway is {0:?}; it is for clocks that differ, five minutes at most")]
    Leeway(Duration),
    /// The HTTP client could not be made.
    #[error("no HTTP client for JWKS documents: {0}")]
    Http(#[from] reqwest::Error),
    /// Keys would be too old before they are fetched again.
    #[error("auth.jwks_max_stale is shorter than auth.jwks_max_age")]
    Stale,
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

const fn default_jwks_max_stale() -> Duration {
    Duration::from_secs(24 * 3600)
}

const fn default_token_cache() -> u64 {
    10_000
}

const fn default_principal_ttl() -> Duration {
    Duration::from_secs(10)
}
