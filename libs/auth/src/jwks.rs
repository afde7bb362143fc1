//! An issuer's public keys, from a JWKS document in a file or at a URL.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};
use tokio::{sync::Mutex, time::Instant};

/// The signatures that are accepted; `none` and the HMAC family are not among them.
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];

const MAX_DOCUMENT: usize = 1 << 20;

/// Why no key was found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The issuer publishes no such key.
    #[error("the issuer publishes no key for this token")]
    Unknown,
    /// The document could not be had, and no earlier one is there to use.
    #[error("the issuer's keys are not to be had: {0}")]
    Unavailable(String),
}

/// Where the document is.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    File(PathBuf),
    Url(String),
}

#[derive(Default)]
struct Document {
    keys: Vec<Key>,
    stamp: Option<(SystemTime, u64)>,
    fetched: Option<Instant>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// The keys of one issuer.
pub(crate) struct KeyStore {
    location: Location,
    http: reqwest::Client,
    min_interval: Duration,
    max_age: Duration,
    document: RwLock<Arc<Document>>,
    /// When a fetch was last begun; held while one runs.
    fetching: Mutex<Option<Instant>>,
}

impl KeyStore {
    pub(crate) fn new(
        location: Location,
        http: reqwest::Client,
        min_interval: Duration,
        max_age: Duration,
    ) -> Self {
        Self {
            location,
            http,
            min_interval,
            max_age,
            document: RwLock::default(),
            fetching: Mutex::new(None),
        }
    }

    /// The key for a token's `kid` and `alg`.
    pub(crate) async fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, KeyError> {
        let failure = match &self.location {
            Location::File(path) => self.read_if_changed(path).await.err(),
            Location::Url(url) => self.fetch_if_needed(url, id, algorithm).await.err(),
        };
        let document = self.current();
        match document.find(id, algorithm) {
            Some(key) => Ok(key),
            None if document.keys.is_empty() => match failure {
                Some(why) => Err(KeyError::Unavailable(why)),
                None => Err(KeyError::Unknown),
            },
            None => Err(KeyError::Unknown),
        }
    }

    async fn read_if_changed(&self, path: &Path) -> Result<(), String> {
        let stamp = stamp(path).await.map_err(|e| format!("{}: {e}", path.display()))?;
        if self.current().stamp == Some(stamp) {
            return Ok(());
        }
        let bytes = tokio::fs::read(path).await.map_err(|e| format!("{}: {e}", path.display()))?;
        let keys = parse(&bytes).inspect_err(|why| {
            tracing::warn!(file = %path.display(), error = %why, "JWKS file not usable; the last good one stays");
        })?;
        self.replace(Document { keys, stamp: Some(stamp), fetched: None });
        Ok(())
    }

    async fn fetch_if_needed(&self, url: &str, id: Option<&str>, algorithm: Algorithm) -> Result<(), String> {
        if self.is_fresh(id, algorithm) {
            return Ok(());
        }
        let mut last = self.fetching.lock().await;
        if self.is_fresh(id, algorithm) {
            return Ok(());
        }
        if last.is_some_and(|at| at.elapsed() < self.min_interval) {
            return Err("fetched a moment ago".to_owned());
        }
        *last = Some(Instant::now());
        let fetched = async {
            let bytes = download(&self.http, url).await?;
            parse(&bytes)
        };
        let keys = fetched.await.inspect_err(|why| {
            tracing::warn!(url, error = %why, "JWKS document not usable; the last good one stays");
        })?;
        self.replace(Document { keys, stamp: None, fetched: Some(Instant::now()) });
        Ok(())
    }

    fn is_fresh(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let document = self.current();
        document.fetched.is_some_and(|at| at.elapsed() < self.max_age)
            && document.find(id, algorithm).is_some()
    }

    fn current(&self) -> Arc<Document> {
        Arc::clone(&self.document.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, document: Document) {
        *self.document.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(document);
    }
}

impl Document {
    /// By id; a token without one is accepted only where the issuer has a single key of that algorithm.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        let first = fitting.next()?;
        if id.is_none() && fitting.next().is_some() {
            return None;
        }
        Some(first.key.clone())
    }
}

async fn stamp(path: &Path) -> std::io::Result<(SystemTime, u64)> {
    let meta = tokio::fs::metadata(path).await?;
    Ok((meta.modified()?, meta.len()))
}

async fn download(http: &reqwest::Client, url: &str) -> Result<Vec<u8>, String> {
    let mut answer = http
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| e.to_string())? {
        if bytes.len() + chunk.len() > MAX_DOCUMENT {
            return Err(format!("longer than {MAX_DOCUMENT} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The keys of a document that are for signatures of [`ALGORITHMS`]; others are passed over.
fn parse(bytes: &[u8]) -> Result<Vec<Key>, String> {
    let set: JwkSet = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    Ok(set.keys.iter().filter_map(usable).collect())
}

fn usable(jwk: &Jwk) -> Option<Key> {
    if jwk.common.public_key_use.as_ref().is_some_and(|u| *u != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let other = |named: KeyAlgorithm| named.to_string() != format!("{algorithm:?}");
    if jwk.common.key_algorithm.is_some_and(other) {
        return None;
    }
    Some(Key { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}
