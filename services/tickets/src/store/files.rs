//! The object store that attachments are in. Source: T25.

use crate::config::AttachmentsConfig;
use anyhow::Context as _;
use gongdan_blob::{Claim, Limits, Store, StoreError, Upload, media::Allowed};
use gongdan_errors::Error;
use secrecy::ExposeSecret as _;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// When a store that is away is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Attachments' contents.
pub(crate) struct Files {
    store: Option<Store>,
    limits: Limits,
}

impl Files {
    /// As configured.
    pub(crate) fn new(config: &AttachmentsConfig) -> anyhow::Result<Self> {
        let options = config.options.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
        let store = (!config.store.is_empty())
            .then(|| Store::open(&config.store, options))
            .transpose()
            .context("store in the [attachments] section")?;
        let allowed = match config.types.as_slice() {
            [] => Allowed::default(),
            types => types.iter().map(String::as_str).collect(),
        };
        Ok(Self { store, limits: Limits { max_bytes: config.max_bytes, allowed: Arc::new(allowed) } })
    }

    /// The store.
    ///
    /// # Errors
    /// UNAVAILABLE when none is configured.
    pub(crate) fn store(&self) -> Result<&Store, Error> {
        self.store
            .as_ref()
            .ok_or_else(|| Error::unavailable("no store for attachments is configured", RETRY_AFTER))
    }

    /// Begins to write a file.
    pub(crate) fn upload(&self, id: Uuid, claim: Claim) -> Result<Upload, Error> {
        Ok(self.store()?.upload(&key(id), claim, self.limits.clone()))
    }
}

/// What a file is called in the store; the last byte of its id spreads files over folders.
pub(crate) fn key(id: Uuid) -> String {
    format!("{:02x}/{id}", id.as_bytes()[15])
}

/// The store does not do what it should.
pub(crate) fn store_failed(error: StoreError) -> Error {
    match error {
        StoreError::NotFound(_) | StoreError::Damaged(_) => Error::internal(error),
        error => Error::unavailable("the store for attachments is away", RETRY_AFTER).because(error),
    }
}
