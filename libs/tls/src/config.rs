//! `[server.tls]` and `[peers.tls]`.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[server.tls]`: what a server shows, and what it asks of those who connect.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTlsConfig {
    /// PEM file with the certificate and those between it and the authority; empty: plaintext.
    pub cert_file: String,
    /// PEM file with its private key.
    pub key_file: String,
    /// PEM file with the authorities of client certificates.
    pub client_ca_file: String,
    /// Whether clients show a certificate.
    pub client_auth: ClientAuth,
    /// Between two looks whether a file has changed.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub reload_interval: Duration,
}

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// Nobody is asked for one.
    #[default]
    None,
    /// One that is shown must be good; people's clients come without.
    Optional,
    /// Nobody connects without.
    Required,
}

/// `[peers.tls]`: whom a client trusts, and what it shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTlsConfig {
    /// PEM file with the authorities of the servers' certificates; empty: those of the system.
    pub ca_file: String,
    /// PEM file with the certificate to show, and those between it and the authority; empty: none.
    pub cert_file: String,
    /// PEM file with its private key.
    pub key_file: String,
    /// Name that servers' certificates must have; empty: the host of the address.
    pub server_name: String,
    /// Between two looks whether a file has changed.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub reload_interval: Duration,
}

const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

impl Default for ServerTlsConfig {
    /// Plaintext.
    fn default() -> Self {
        Self {
            cert_file: String::new(),
            key_file: String::new(),
            client_ca_file: String::new(),
            client_auth: ClientAuth::None,
            reload_interval: RELOAD_INTERVAL,
        }
    }
}

impl Default for ClientTlsConfig {
    /// The system's authorities, and no certificate.
    fn default() -> Self {
        Self {
            ca_file: String::new(),
            cert_file: String::new(),
            key_file: String::new(),
            server_name: String::new(),
            reload_interval: RELOAD_INTERVAL,
        }
    }
}

impl ClientTlsConfig {
    /// Whether anything is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        [&self.ca_file, &self.cert_file, &self.key_file, &self.server_name].iter().any(|key| !key.is_empty())
    }
}
