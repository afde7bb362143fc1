//! The other services: channels with our token, and their event logs.

use crate::PeersConfig;
use anyhow::Context;
use gongdan_auth::{AuthChannel, TokenSource};
use gongdan_outbox::{OwnerLog, OwnerLogClient};
use secrecy::SecretString;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

/// The longest a call to a peer may take to answer, where its caller's deadline leaves more.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The other services. Cheap to clone; connects when first used, and again after a loss.
#[derive(Clone)]
pub struct Peers(Arc<BTreeMap<String, AuthChannel>>);

impl Peers {
    /// # Errors
    /// When an address is none; the message names the service.
    pub fn new(config: &PeersConfig) -> anyhow::Result<Self> {
        let token = if config.token_file.is_empty() {
            TokenSource::fixed(SecretString::from(String::new()))
        } else {
            TokenSource::file(PathBuf::from(&config.token_file))
        };
        let mut channels = BTreeMap::new();
        for (service, address) in &config.addresses {
            let channel = AuthChannel::lazy(address, TIMEOUT, token.clone())
                .with_context(|| format!("peers.addresses.{service}: {address:?} is no address"))?;
            channels.insert(service.clone(), channel);
        }
        Ok(Self(Arc::new(channels)))
    }

    /// The channel to a service.
    ///
    /// # Errors
    /// When the configuration has no address for it; the message names the key.
    pub fn channel(&self, service: &str) -> anyhow::Result<AuthChannel> {
        self.0.get(service).cloned().with_context(|| format!("peers.addresses.{service} is not set"))
    }

    /// The event log of a service, for what a consumer missed and for rebuilds.
    ///
    /// # Errors
    /// When the configuration has no address for it.
    pub fn owner_log(&self, service: &str) -> anyhow::Result<Arc<dyn OwnerLog>> {
        Ok(Arc::new(OwnerLogClient::new(self.channel(service)?)))
    }
}
