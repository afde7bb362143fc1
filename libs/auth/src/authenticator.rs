//! From a request's headers to its caller.

use std::sync::Arc;

use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::Principal;
use http::HeaderMap;
use sqlx::PgPool;

use crate::{
    actor::Actor,
    config::{AuthConfig, InvalidAuthConfig},
    layer::AuthLayer,
    principals::Principals,
    projection::PrincipalProjection,
    verifier::{Verifier, refused},
};

/// Verifies tokens and finds their principals. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct Authenticator(Arc<Rooms>);

struct Rooms {
    verifier: Verifier,
    principals: Principals,
}

impl Authenticator {
    /// Keys are read when the first token needs them: an issuer that is away does not keep a service from starting.
    ///
    /// # Errors
    /// When the section cannot work.
    pub async fn new(
        config: &AuthConfig,
        pool: PgPool,
        clock: SharedClock,
    ) -> Result<Self, InvalidAuthConfig> {
        let verifier = Verifier::new(config, clock)?;
        let principals = Principals::new(pool, config.principal_ttl);
        Ok(Self(Arc::new(Rooms { verifier, principals })))
    }

    /// The caller that the `authorization` header names.
    ///
    /// # Errors
    /// UNAUTHENTICATED without a good token; PERMISSION_DENIED (`PRINCIPAL_UNKNOWN`) without an active principal;
    /// UNAVAILABLE when keys or database are away.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Error> {
        let identity = self.0.verifier.verify(bearer(headers)?).await?;
        self.0.principals.find(&identity).await
    }

    /// Takes in principals that were just written to table `principals` of this process's database; routing calls it
    /// after its commit, the others have [`PrincipalProjection`].
    pub fn changed(&self, principals: &[Principal]) {
        self.0.principals.changed(principals);
    }

    /// The door for every RPC but health and reflection.
    #[must_use]
    pub fn layer(&self) -> AuthLayer {
        AuthLayer::new(self.clone())
    }

    /// What keeps table `principals` and this authenticator up to date from routing's events.
    #[must_use]
    pub fn projection(&self) -> PrincipalProjection {
        PrincipalProjection::new(self.clone())
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| refused("the call carries no bearer token"))?;
    if values.next().is_some() {
        return Err(refused("the call carries more than one credential"));
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(|| refused("the call carries no bearer token"))?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(refused("the call carries no bearer token"))
    }
}
