//! What a bearer token proves: issuer and subject.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gongdan_clock::SharedClock;
use gongdan_errors::{Error, Reason};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    config::{AuthConfig, InvalidAuthConfig, IssuerConfig},
    jwks::{ALGORITHMS, KeyError, KeyStore, Place, RemoteKeys, Source, Times, is_safe},
};

/// A verified token is looked at again after this time even when it has not expired, so that a withdrawn key ends.
const REMEMBERED: Duration = Duration::from_secs(300);

const MAX_TOKEN: usize = 16 * 1024;

const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// A token that was good when its caller's call began stays good for the calls that it takes, the longest call long.
const CARRIED_GRACE: f64 = 60.0;

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The one who calls.
    Own,
    /// The one whom the calling service serves.
    Carried,
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

/// A token that has been verified.
pub(crate) struct Verified {
    identity: Identity,
    expires: f64,
}

impl Verified {
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
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
    issuers: HashMap<String, Arc<KeyStore>>,
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
        if config.leeway > MAX_LEEWAY {
            return Err(InvalidAuthConfig::Leeway(config.leeway));
        }
        if config.jwks_max_stale < config.jwks_max_age {
            return Err(InvalidAuthConfig::Stale);
        }
        let times = Times {
            min_interval: config.jwks_min_interval,
            max_age: config.jwks_max_age,
            max_stale: config.jwks_max_stale,
        };
        let mut sources = HashMap::new();
        for issuer in &config.issuers {
            if sources.insert(issuer.issuer.clone(), source(issuer)?).is_some() {
                return Err(InvalidAuthConfig::Twice(issuer.issuer.clone()));
            }
        }
        let issuers =
            sources.into_iter().map(|(issuer, source)| (issuer, KeyStore::start(source, times))).collect();
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
    pub(crate) async fn verify(&self, token: &str, by: Use) -> Result<Arc<Verified>, Error> {
        if token.len() > MAX_TOKEN {
            return Err(refused("the token is too long"));
        }
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let now = seconds(self.clock.now());
        if let Some(known) = self.verified.get(&hash) {
            self.judge_expiry(known.expires, now, by)?;
            return Ok(known);
        }
        let claims = self.claims(token).await?;
        self.judge(&claims, now, by)?;
        let verified = Arc::new(Verified {
            identity: Identity { issuer: claims.iss, subject: claims.sub },
            expires: claims.exp,
        });
        self.verified.insert(hash, Arc::clone(&verified));
        Ok(verified)
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
        if header.crit.is_some() {
            return Err(refused("the token demands what is not understood here"));
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

    fn judge(&self, claims: &Claims, now: f64, by: Use) -> Result<(), Error> {
        if claims.sub.is_empty() {
            return Err(refused("the token names no subject"));
        }
        if !claims.aud.names(&self.audience) {
            return Err(refused("the token is meant for another audience"));
        }
        self.judge_expiry(claims.exp, now, by)?;
        if [claims.nbf, claims.iat].into_iter().flatten().any(|at| now < at - self.leeway) {
            return Err(refused("the token is not valid yet"));
        }
        Ok(())
    }

    fn judge_expiry(&self, expires: f64, now: f64, by: Use) -> Result<(), Error> {
        let grace = if by == Use::Carried { CARRIED_GRACE } else { 0.0 };
        if now > expires + self.leeway + grace {
            return Err(refused("the token has expired"));
        }
        Ok(())
    }
}

/// Where an issuer's keys are.
fn source(config: &IssuerConfig) -> Result<Source, InvalidAuthConfig> {
    let issuer = config.issuer.clone();
    let (place, address) = match (&config.jwks_url, &config.jwks_file) {
        (Some(_), Some(_)) => return Err(InvalidAuthConfig::Keys(issuer)),
        (None, Some(file)) => return Ok(Source::File(file.clone())),
        (Some(url), None) => (Place::Url(url.clone()), url),
        (None, None) => (Place::Discovery, &config.issuer),
    };
    if !is_safe(address) {
        return Err(InvalidAuthConfig::Address { issuer, address: address.clone() });
    }
    Ok(Source::Remote(RemoteKeys::new(issuer, place, config.ca_file.clone())?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalIssuer;
    use gongdan_clock::ManualClock;

    #[tokio::test]
    async fn no_more_tokens_are_remembered_than_configured() {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-11-22T09:00:00Z".parse().unwrap()));
        let issuer = LocalIssuer::create_or_load(directory.path(), clock.clone()).unwrap();
        let config = AuthConfig { token_cache: 10, ..issuer.auth_config() };
        let verifier = Verifier::new(&config, clock).unwrap();
        for seconds in 1..=100 {
            let token = issuer.mint("li.wei", Duration::from_secs(seconds)).unwrap();
            verifier.verify(&token, Use::Own).await.unwrap();
        }
        verifier.verified.run_pending_tasks();
        assert!((1..=10).contains(&verifier.verified.entry_count()));
    }
}
