//! The other services: channels with our token, and their event logs.

use crate::PeersConfig;
use anyhow::Context;
use gongdan_auth::{AuthChannel, TokenSource};
use gongdan_outbox::{OwnerLog, OwnerLogClient};
use gongdan_tls::ClientTls;
use secrecy::SecretString;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

/// The longest a call to a peer may take to answer, where its caller's deadline leaves more.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The other services. Cheap to clone; connects when first used, and again after a loss.
#[derive(Clone)]
pub struct Peers(Arc<Known>);

struct Known {
    channels: BTreeMap<String, AuthChannel>,
    /// Addresses in plaintext where TLS is configured.
    plaintext: BTreeMap<String, String>,
}

impl Peers {
    /// Within the runtime, which looks at the files of `[peers.tls]` from then on.
    ///
    /// # Errors
    /// When an address is none, or TLS cannot work; the message names the key.
    pub fn new(config: &PeersConfig) -> anyhow::Result<Self> {
        let token = if config.token_file.is_empty() {
            TokenSource::fixed(SecretString::from(String::new()))
        } else {
            TokenSource::file(PathBuf::from(&config.token_file))
        };
        let is_https = |address: &String| address.starts_with("https://");
        let tls = if config.tls.is_set() || config.addresses.values().any(is_https) {
            Some(ClientTls::new(&config.tls).context("the [peers.tls] section")?)
        } else {
            None
        };
        let (mut channels, mut plaintext) = (BTreeMap::new(), BTreeMap::new());
        for (service, address) in &config.addresses {
            if config.tls.is_set() && !is_https(address) {
                plaintext.insert(service.clone(), address.clone());
            }
            let channel = AuthChannel::lazy_over(address, TIMEOUT, token.clone(), tls.as_ref())
                .with_context(|| format!("peers.addresses.{service}"))?;
            channels.insert(service.clone(), channel);
        }
        Ok(Self(Arc::new(Known { channels, plaintext })))
    }

    /// The channel to a service.
    ///
    /// # Errors
    /// When the configuration has no address for it, or one in plaintext where `[peers.tls]` is set; the message names
    /// the key.
    pub fn channel(&self, service: &str) -> anyhow::Result<AuthChannel> {
        if let Some(address) = self.0.plaintext.get(service) {
            anyhow::bail!(
                "peers.addresses.{service} is {address:?}, but [peers.tls] is set: write https://…"
            );
        }
        self.0.channels.get(service).cloned().with_context(|| format!("peers.addresses.{service} is not set"))
    }

    /// The event log of a service, for what a consumer missed and for rebuilds.
    ///
    /// # Errors
    /// When the configuration has no address for it.
    pub fn owner_log(&self, service: &str) -> anyhow::Result<Arc<dyn OwnerLog>> {
        Ok(Arc::new(OwnerLogClient::new(service, self.channel(service)?)))
    }
}
