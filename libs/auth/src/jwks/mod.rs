//! An issuer's public keys, from a JWKS document in a file or at a URL.
//!
//! A document at a URL is fetched in the background before it is old, so that calls wait for it only when it never was
//! there or a token names a key that it has not. An issuer that is away fails no call whose key is known.

mod document;
mod fetch;

pub(crate) use document::ALGORITHMS;
pub(crate) use fetch::{Place, RemoteKeys, is_safe};

use document::Document;
use jsonwebtoken::{Algorithm, DecodingKey};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, Weak},
    time::{Duration, SystemTime},
};
use tokio::{sync::Mutex, time::Instant};

/// Why no key was found.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum KeyError {
    /// The issuer publishes no such key.
    #[error("the issuer publishes no key for this token")]
    Unknown,
    /// The document could not be had, and no earlier one is there to use.
    #[error("the issuer's keys are not to be had: {0}")]
    Unavailable(String),
}

/// Where the document is.
pub(crate) enum Source {
    File(PathBuf),
    Remote(RemoteKeys),
}

/// When a document at a URL is fetched, and how long it is good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// The least time between two fetches that tokens of unknown keys make happen.
    pub(crate) min_interval: Duration,
    /// Fetched again before this age.
    pub(crate) max_age: Duration,
    /// Not used beyond this age.
    pub(crate) max_stale: Duration,
}

impl Times {
    /// From one fetch to the next, when all is well.
    fn refresh(&self) -> Duration {
        (self.max_age * 3 / 4).max(Duration::from_millis(100))
    }

    /// From a fetch that failed to the next.
    fn retry(&self) -> Duration {
        self.min_interval.clamp(Duration::from_secs(1), Duration::from_secs(60)).min(self.refresh())
    }
}

/// The keys of one issuer.
pub(crate) struct KeyStore {
    source: Source,
    times: Times,
    document: RwLock<Arc<Held>>,
    /// The last fetch for an unknown key that brought nothing; held while one runs.
    fetching: Mutex<Option<Fruitless>>,
}

#[derive(Default)]
struct Held {
    document: Document,
    stamp: Option<(SystemTime, u64)>,
    fetched: Option<Instant>,
}

struct Fruitless {
    begun: Instant,
    why: KeyError,
}

impl KeyStore {
    /// Within the runtime, which then keeps a document at a URL fresh as long as the store is there.
    pub(crate) fn start(source: Source, times: Times) -> Arc<Self> {
        let remote = matches!(source, Source::Remote(_));
        let store = Arc::new(Self { source, times, document: RwLock::default(), fetching: Mutex::new(None) });
        if remote {
            tokio::spawn(keep_fresh(Arc::downgrade(&store)));
        }
        store
    }

    /// The key for a token's `kid` and `alg`.
    pub(crate) async fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, KeyError> {
        match &self.source {
            Source::File(path) => {
                let failure = self.read_if_changed(path).await.err();
                let held = self.current();
                match (held.document.find(id, algorithm), failure) {
                    (Some(key), _) => Ok(key),
                    (None, Some(why)) if held.document.is_empty() => Err(KeyError::Unavailable(why)),
                    (None, _) => Err(KeyError::Unknown),
                }
            }
            Source::Remote(remote) => match self.known(id, algorithm) {
                Some(key) => Ok(key),
                None => self.fetch_for(remote, id, algorithm).await,
            },
        }
    }

    async fn read_if_changed(&self, path: &Path) -> Result<(), String> {
        let stamp = stamp(path).await.map_err(|e| format!("{}: {e}", path.display()))?;
        if self.current().stamp == Some(stamp) {
            return Ok(());
        }
        let bytes = tokio::fs::read(path).await.map_err(|e| format!("{}: {e}", path.display()))?;
        let document = Document::parse(&bytes).inspect_err(|why| {
            tracing::warn!(file = %path.display(), error = %why, "JWKS file not usable; the last good one stays");
        })?;
        self.replace(Held { document, stamp: Some(stamp), fetched: None });
        Ok(())
    }

    /// A key of a document that is not too old.
    fn known(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let held = self.current();
        let good = held.fetched.is_some_and(|at| at.elapsed() < self.times.max_stale);
        if good { held.document.find(id, algorithm) } else { None }
    }

    /// For a token whose key is not known. Those who come while a fetch runs wait for it. A fetch that brought the key
    /// asked for holds no later one back; one that did not does, for the least interval, so that a flood of invented
    /// key ids is no flood at the issuer.
    async fn fetch_for(
        &self,
        remote: &RemoteKeys,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, KeyError> {
        let mut last = self.fetching.lock().await;
        if let Some(key) = self.known(id, algorithm) {
            return Ok(key);
        }
        if let Some(last) = last.as_ref()
            && last.begun.elapsed() < self.times.min_interval
        {
            return Err(last.why.clone());
        }
        let begun = Instant::now();
        let found = match self.fetch(remote).await {
            Ok(()) => self.known(id, algorithm).ok_or(KeyError::Unknown),
            Err(why) => Err(KeyError::Unavailable(why)),
        };
        *last = found.as_ref().err().map(|why| Fruitless { begun, why: why.clone() });
        found
    }

    /// Fetches unless somebody just did, and says when to come again.
    async fn refresh(&self) -> Option<Duration> {
        let Source::Remote(remote) = &self.source else { return None };
        let _one_at_a_time = self.fetching.lock().await;
        let fetched = self.current().fetched;
        if let Some(left) = fetched.and_then(|at| self.times.refresh().checked_sub(at.elapsed()))
            && !left.is_zero()
        {
            return Some(left);
        }
        Some(match self.fetch(remote).await {
            Ok(()) => self.times.refresh(),
            Err(_) => self.times.retry(),
        })
    }

    async fn fetch(&self, remote: &RemoteKeys) -> Result<(), String> {
        let document = remote.fetch().await.inspect_err(|why| {
            tracing::warn!(issuer = remote.issuer(), error = %why, "JWKS document not usable; the last good one stays");
        })?;
        self.replace(Held { document, stamp: None, fetched: Some(Instant::now()) });
        Ok(())
    }

    fn current(&self) -> Arc<Held> {
        Arc::clone(&self.document.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, held: Held) {
        *self.document.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
    }
}

/// Until nobody has the store any more.
async fn keep_fresh(store: Weak<KeyStore>) {
    while let Some(strong) = store.upgrade() {
        let Some(pause) = strong.refresh().await else { return };
        drop(strong);
        tokio::time::sleep(pause).await;
    }
}

async fn stamp(path: &Path) -> std::io::Result<(SystemTime, u64)> {
    let meta = tokio::fs::metadata(path).await?;
    Ok((meta.modified()?, meta.len()))
}
