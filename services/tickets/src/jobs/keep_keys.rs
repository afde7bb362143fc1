//! Keeps the keys: reads their file again when it changes, and agrees with the other replicas on what is used.
//!
//! A new version is used once every replica holds it, so that none meets a row it cannot open or find. A file that
//! lacks a version which something still needs is refused like one with a mistake: the keys before stay.

use crate::{
    config::ContactsConfig,
    store::{
        key_holders::{self, newest_shared},
        key_rotations, key_uses,
        keys::{Key, Keys},
        seal::{Held, InUse, Sealer},
    },
};
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A process that was not seen for so many looks is gone; never sooner than [`GONE_LEAST`].
const GONE_LOOKS: u32 = 4;
const GONE_LEAST: Duration = Duration::from_secs(2);

/// Runs in every replica.
pub(crate) struct KeepKeys {
    config: ContactsConfig,
    pool: PgPool,
    sealer: Arc<Sealer>,
    process: Uuid,
    keys: Keys,
    /// What was said of the file last, so that a mistake is logged once.
    refused: String,
}

impl KeepKeys {
    /// With the keys that were loaded at the start.
    pub(crate) fn new(
        config: ContactsConfig,
        pool: PgPool,
        sealer: Arc<Sealer>,
        process: Uuid,
        keys: Keys,
    ) -> Self {
        Self { config, pool, sealer, process, keys, refused: String::new() }
    }

    /// Looks until the service stops.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.config.look_again) => {}
                () = shutdown.cancelled() => break,
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the keys are looked at again later");
            }
        }
        if let Err(error) = key_holders::leave(&self.pool, self.process).await {
            tracing::debug!(%error, "the other replicas wait for this one a moment");
        }
    }

    /// The first look, before the service answers anybody; a database that is away is waited for. False when the service
    /// is to stop.
    pub(crate) async fn agreed(&mut self, shutdown: &CancellationToken) -> bool {
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = shutdown.cancelled() => return false,
            };
            let Err(error) = looked else { return true };
            tracing::warn!(%error, "the service waits until it knows which keys the other replicas hold");
            tokio::select! {
                () = tokio::time::sleep(self.config.look_again) => {}
                () = shutdown.cancelled() => return false,
            }
        }
    }

    async fn look(&mut self) -> Result<(), sqlx::Error> {
        self.read().await?;
        let held = Held {
            encryption: self.keys.encryption.keys().copied().collect(),
            index: self.keys.index.keys().copied().collect(),
        };
        // Said before it is used, and what is used is chosen from what all have said.
        self.announce(&held, self.sealer.in_use()).await?;
        let used = self.choose(&held).await?;
        if used != self.sealer.in_use() || held != self.sealer.held() {
            if let Err(error) = self.sealer.replace(&self.keys, used) {
                tracing::error!(error = %format!("{error:#}"), "the keys cannot be used");
                return Ok(());
            }
            tracing::info!(
                encryption = used.encryption,
                index = used.index,
                held = ?held,
                "contact keys in use"
            );
        }
        self.announce(&held, used).await?;
        Ok(())
    }

    async fn announce(&self, held: &Held, used: InUse) -> Result<(), sqlx::Error> {
        let gone_after = (self.config.look_again * GONE_LOOKS).max(GONE_LEAST);
        key_holders::announce(&self.pool, self.process, held, used, gone_after).await
    }

    async fn choose(&self, held: &Held) -> Result<InUse, sqlx::Error> {
        let mut all = vec![held.clone()];
        all.extend(
            key_holders::all(&self.pool)
                .await?
                .into_iter()
                .filter(|holder| holder.process != self.process)
                .map(|holder| holder.held),
        );
        let newest = |versions: &[i32]| versions.last().copied().unwrap_or_default();
        let alone = |kind| tracing::error!(kind, "another replica holds none of these keys");
        let encryption = newest_shared(all.iter().map(|held| &held.encryption)).unwrap_or_else(|| {
            alone("encryption");
            newest(&held.encryption)
        });
        let index = newest_shared(all.iter().map(|held| &held.index)).unwrap_or_else(|| {
            alone("index");
            newest(&held.index)
        });
        let oldest = held.index.first().copied().unwrap_or_default();
        let from = key_rotations::index_from(&self.pool).await?.unwrap_or(oldest);
        Ok(InUse { encryption, index, index_from: from.clamp(oldest.min(index), index) })
    }

    async fn read(&mut self) -> Result<(), sqlx::Error> {
        if self.config.key_file.as_os_str().is_empty() {
            return Ok(());
        }
        let read = match Keys::read(&self.config.key_file) {
            Ok(keys) if keys == self.keys => {
                self.refused.clear();
                return Ok(());
            }
            Ok(keys) => match self.missing(&keys).await? {
                None => Ok(keys),
                Some(missing) => Err(missing),
            },
            Err(error) => Err(format!("{error:#}")),
        };
        match read {
            Ok(keys) => {
                self.keys = keys;
                self.refused.clear();
            }
            Err(why) if why != self.refused => {
                tracing::error!(why, "the key file is not used; the keys before stay");
                self.refused = why;
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Which versions that something needs are not among these keys, or have become other keys.
    async fn missing(&self, keys: &Keys) -> Result<Option<String>, sqlx::Error> {
        let encryption = changed(&self.keys.encryption, &keys.encryption);
        let index = changed(&self.keys.index, &keys.index);
        if encryption.is_empty() && index.is_empty() {
            return Ok(None);
        }
        let (sealed, indexed) = key_uses::needed(&self.pool, &encryption, &index).await?;
        if sealed.is_empty() && indexed.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!(
            "contacts.key_file {}: encryption versions {sealed:?} and index versions {indexed:?} are missing or changed, \
             and something still needs them: rotate first",
            self.config.key_file.display()
        )))
    }
}

/// Versions that are not there any more, or are other keys.
fn changed(old: &BTreeMap<i32, Key>, new: &BTreeMap<i32, Key>) -> Vec<i32> {
    old.iter().filter(|(version, key)| new.get(version) != Some(key)).map(|(version, _)| *version).collect()
}
