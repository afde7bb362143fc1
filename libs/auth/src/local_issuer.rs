//! An issuer of one machine's own: for `gongdan up` and for tests.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::{
    error::{KeyRejected, Unspecified},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongdan_clock::SharedClock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const KEY_FILE: &str = "signing-key.p8";
const JWKS_FILE: &str = "jwks.json";
const SERVICE_TOKEN_TTL: Duration = Duration::from_secs(366 * 24 * 3600);

/// Why a local issuer could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LocalIssuerError {
    /// The data directory refuses.
    #[error("local issuer in {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key file holds no ES256 key.
    #[error("the local issuer's key is not usable: {0}")]
    Key(#[from] KeyRejected),
    /// No key could be made.
    #[error("no key could be made: {0}")]
    Random(#[from] Unspecified),
    /// The token could not be signed.
    #[error("the token could not be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// The JWKS file is not JSON.
    #[error("the local issuer's JWKS file cannot be read: {0}")]
    Jwks(#[from] serde_json::Error),
}

/// Signs tokens with an ES256 key kept in a directory, beside the JWKS document that proves them.
pub struct LocalIssuer {
    directory: PathBuf,
    key: EncodingKey,
    key_id: String,
    clock: SharedClock,
}

impl LocalIssuer {
    /// The `iss` of its tokens.
    pub const ISSUER: &str = "gongdan-local";
    /// The `aud` of its tokens.
    pub const AUDIENCE: &str = "gongdan";

    /// Opens the issuer of a directory, making directory, key and JWKS document when they are not there.
    ///
    /// # Errors
    /// When the directory refuses, or holds something else under these names.
    pub fn create_or_load(directory: &Path, clock: SharedClock) -> Result<Self, LocalIssuerError> {
        fs::create_dir_all(directory).map_err(at(directory))?;
        let path = directory.join(KEY_FILE);
        let pkcs8 = match fs::read(&path) {
            Ok(bytes) => {
                gongdan_secret::warn_if_open(&path);
                bytes
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => new_key(&path)?,
            Err(source) => return Err(LocalIssuerError::Io { path, source }),
        };
        let issuer = Self::with_key(directory, &pkcs8, clock)?;
        issuer.publish(&pkcs8)?;
        Ok(issuer)
    }

    /// Goes over to a new key. Tokens of the earlier ones stay good: their keys stay in the JWKS document.
    ///
    /// # Errors
    /// As [`LocalIssuer::create_or_load`].
    pub fn rotate(&mut self) -> Result<(), LocalIssuerError> {
        let pkcs8 = new_key(&self.directory.join(KEY_FILE))?;
        let next = Self::with_key(&self.directory, &pkcs8, self.clock.clone())?;
        next.publish(&pkcs8)?;
        *self = next;
        Ok(())
    }

    /// Where its JWKS document is; for `auth.issuers[].jwks_file`.
    #[must_use]
    pub fn jwks_file(&self) -> PathBuf {
        self.directory.join(JWKS_FILE)
    }

    /// What a service must be configured with to accept its tokens.
    #[must_use]
    pub fn auth_config(&self) -> crate::AuthConfig {
        crate::AuthConfig::local(Self::ISSUER, self.jwks_file(), Self::AUDIENCE)
    }

    /// A token for a subject; the principal with this issuer and subject decides what it may do.
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint(&self, subject: &str, ttl: Duration) -> Result<String, LocalIssuerError> {
        let now = self.clock.now().as_second();
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        self.sign(&json!({
            "iss": Self::ISSUER, "sub": subject, "aud": Self::AUDIENCE,
            "iat": now, "nbf": now, "exp": now.saturating_add(ttl),
        }))
    }

    /// A token for one of the services, by its short name: `mint_service("tickets")` is for `service.tickets`.
    /// Good for a year; to be made anew at each start.
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint_service(&self, service: &str) -> Result<String, LocalIssuerError> {
        self.mint(&format!("service.{service}"), SERVICE_TOKEN_TTL)
    }

    /// A token with any claims.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(&self, claims: &Value) -> Result<String, LocalIssuerError> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key_id.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.key)?)
    }

    fn with_key(directory: &Path, pkcs8: &[u8], clock: SharedClock) -> Result<Self, LocalIssuerError> {
        let (x, y) = coordinates(pkcs8)?;
        let key_id = thumbprint(&x, &y);
        Ok(Self { directory: directory.to_owned(), key: EncodingKey::from_ec_der(pkcs8), key_id, clock })
    }

    /// Adds the key to the JWKS document, unless it is there.
    fn publish(&self, pkcs8: &[u8]) -> Result<(), LocalIssuerError> {
        let path = self.jwks_file();
        let mut keys: Vec<Value> = match fs::read(&path) {
            Ok(bytes) => {
                let document: Value = serde_json::from_slice(&bytes)?;
                document["keys"].as_array().cloned().unwrap_or_default()
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(LocalIssuerError::Io { path, source }),
        };
        if keys.iter().any(|key| key["kid"] == self.key_id.as_str()) {
            return Ok(());
        }
        let (x, y) = coordinates(pkcs8)?;
        keys.push(json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id, "x": x, "y": y}));
        write(&path, serde_json::to_string_pretty(&json!({ "keys": keys }))?.as_bytes())
    }
}

fn new_key(path: &Path) -> Result<Vec<u8>, LocalIssuerError> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    write(path, document.as_ref())?;
    Ok(document.as_ref().to_vec())
}

/// Whole or not at all, and readable by nobody else.
fn write(path: &Path, bytes: &[u8]) -> Result<(), LocalIssuerError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> LocalIssuerError {
    let path = path.to_owned();
    move |source| LocalIssuerError::Io { path, source }
}

/// The public point of a private key, each coordinate as JWK wants it.
fn coordinates(pkcs8: &[u8]) -> Result<(String, String), LocalIssuerError> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)?;
    let point = pair.public_key().as_ref();
    let (x, y) = point.get(1..).and_then(|xy| xy.split_at_checked(32)).ok_or(Unspecified)?;
    Ok((URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

/// Source: RFC 7638.
fn thumbprint(x: &str, y: &str) -> String {
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}
