//! What a bearer token proves: issuer and subject.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gongdan_clock::SharedClock;
use gongdan_errors::{Error, Reason};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    config::{AuthConfig, InvalidAuthConfig},
    jwks::{ALGORITHMS, KeyError, KeyStore, Location},
};

/// A verified token is looked at again after this time even when it has not expired, so that a withdrawn key ends.
const REMEMBERED: Duration = Duration::from_secs(300);

const MAX_TOKEN: usize = 16 * 1024;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

struct Verified {
    identity: Identity,
    expires: f64,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// Verifies tokens and remembers the verified ones by their hash.
pub(crate) struct Verifier {
    issuers: HashMap<String, KeyStore>,
    audience: String,
    leeway: f64,
    clock: SharedClock,
    verified: moka::sync::Cache<[u8; 32], Arc<Verified>>,
}

impl Verifier {
    pub(crate) fn new(config: &AuthConfig, clock: SharedClock) -> Result<Self, InvalidAuthConfig> {
        if config.issuers.is_empty() {
            return Err(InvalidAuthConfig::NoIssuer);
        }
        if config.audience.is_empty() {
            return Err(InvalidAuthConfig::NoAudience);
        }
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(5))
            .build()?;
        let mut issuers = HashMap::new();
        for issuer in &config.issuers {
            let location = match (&issuer.jwks_url, &issuer.jwks_file) {
                (Some(url), None) => Location::Url(url.clone()),
                (None, Some(file)) => Location::File(file.clone()),
                _ => return Err(InvalidAuthConfig::Keys(issuer.issuer.clone())),
            };
            let keys = KeyStore::new(location, http.clone(), config.jwks_min_interval, config.jwks_max_age);
            issuers.insert(issuer.issuer.clone(), keys);
        }
        Ok(Self {
            issuers,
            audience: config.audience.clone(),
            leeway: config.leeway.as_secs_f64(),
            clock,
            verified: moka::sync::Cache::builder()
                .max_capacity(config.token_cache)
                .time_to_live(REMEMBERED)
                .build(),
        })
    }

    /// Who the token is about.
    ///
    /// # Errors
    /// UNAUTHENTICATED; UNAVAILABLE when the issuer's keys cannot be had.
    pub(crate) async fn verify(&self, token: &str) -> Result<Identity, Error> {
        if token.len() > MAX_TOKEN {
            return Err(refused("the token is too long"));
        }
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let now = seconds(self.clock.now());
        if let Some(known) = self.verified.get(&hash) {
            if now <= known.expires + self.leeway {
                return Ok(known.identity.clone());
            }
            self.verified.invalidate(&hash);
            return Err(refused("the token has expired"));
        }
        let claims = self.claims(token).await?;
        self.judge(&claims, now)?;
        let identity = Identity { issuer: claims.iss, subject: claims.sub };
        self.verified.insert(hash, Arc::new(Verified { identity: identity.clone(), expires: claims.exp }));
        Ok(identity)
    }

    /// The claims, once the signature is known to be the issuer's.
    async fn claims(&self, token: &str) -> Result<Claims, Error> {
        // A header with `alg: none` or any algorithm unknown to the library does not even parse.
        let header =
            jsonwebtoken::decode_header(token).map_err(|e| refused("the token cannot be read").because(e))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("the token's algorithm is not accepted")
                .with("algorithm", format!("{:?}", header.alg)));
        }
        let unproven: Claims = jsonwebtoken::dangerous::insecure_decode(token)
            .map_err(|e| refused("the token cannot be read").because(e))?
            .claims;
        let keys =
            self.issuers.get(&unproven.iss).ok_or_else(|| refused("the token is of another issuer"))?;
        let key = keys.key(header.kid.as_deref(), header.alg).await.map_err(|why| match why {
            KeyError::Unknown => refused("the issuer publishes no key for this token"),
            KeyError::Unavailable(_) => {
                Error::unavailable("the issuer's keys are not to be had", Duration::from_secs(5)).because(why)
            }
        })?;
        let signed = jsonwebtoken::decode::<Claims>(token, &key, &signature_only(header.alg))
            .map_err(|e| refused("the token's signature does not fit").because(e))?;
        Ok(signed.claims)
    }

    fn judge(&self, claims: &Claims, now: f64) -> Result<(), Error> {
        if claims.sub.is_empty() {
            return Err(refused("the token names no subject"));
        }
        if !claims.aud.names(&self.audience) {
            return Err(refused("the token is meant for another audience"));
        }
        if now > claims.exp + self.leeway {
            return Err(refused("the token has expired"));
        }
        if claims.nbf.is_some_and(|nbf| now < nbf - self.leeway) {
            return Err(refused("the token is not valid yet"));
        }
        Ok(())
    }
}

/// The library checks the signature; time, issuer and audience are judged here, by our clock.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

pub(crate) fn refused(why: &'static str) -> Error {
    Error::unauthenticated(Reason::CredentialsRefused, why)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 fit a double exactly for millions of years"
)]
fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}
