//! From a request's headers and connection to its caller.

use std::sync::Arc;

use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::Principal;
use gongdan_tls::Remote;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use sqlx::PgPool;

use crate::{
    actor::Actor,
    caller::CALLER_HEADER,
    config::{AuthConfig, InvalidAuthConfig},
    credentials::Credentials,
    layer::AuthLayer,
    principals::Principals,
    projection::PrincipalProjection,
    verifier::{Use, Verifier, refused},
};

/// Verifies tokens and finds their principals. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct Authenticator(Arc<Rooms>);

struct Rooms {
    verifier: Verifier,
    principals: Principals,
    service_certificates: bool,
}

/// Who may pass.
pub(crate) struct Admitted {
    /// Who calls.
    pub(crate) actor: Actor,
    /// Whom it serves, when it is a service and says so.
    pub(crate) on_behalf_of: Option<Actor>,
    /// What calls to other services carry while this one is served.
    pub(crate) credential: HeaderValue,
    /// What it was found by, to be asked again.
    pub(crate) credentials: Credentials,
}

impl Authenticator {
    /// Keys are fetched in the background: an issuer that is away does not keep a service from starting.
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
        let service_certificates = config.service_certificates;
        Ok(Self(Arc::new(Rooms { verifier, principals, service_certificates })))
    }

    /// The caller that the `authorization` header names.
    ///
    /// # Errors
    /// UNAUTHENTICATED without a good token; PERMISSION_DENIED (`PRINCIPAL_UNKNOWN`) without an active principal;
    /// UNAVAILABLE when keys or database are away.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Error> {
        self.admit(headers, None).await.map(|admitted| admitted.actor)
    }

    /// Whether the token of a service is only good on a connection with its certificate.
    #[must_use]
    pub fn requires_service_certificates(&self) -> bool {
        self.0.service_certificates
    }

    /// The caller that the `authorization` header names, and on whose behalf it calls.
    ///
    /// # Errors
    /// As [`Authenticator::authenticate`]; UNAUTHENTICATED also when a service shows a token without the certificate
    /// that it needs, when the token of the original caller is no good, or when somebody other than a service shows one.
    pub(crate) async fn admit(
        &self,
        headers: &HeaderMap,
        remote: Option<&Remote>,
    ) -> Result<Admitted, Error> {
        let credential = only(headers, AUTHORIZATION.as_str())?
            .ok_or_else(|| refused("the call carries no bearer token"))?;
        let actor = self.bearer(credential, Use::Own).await?;
        self.require_certificate(&actor, remote)?;
        let Some(carried) = only(headers, CALLER_HEADER)? else {
            let credential = sensitive(credential);
            let credentials = Credentials::new(self.clone(), credential.clone(), None);
            return Ok(Admitted { actor, on_behalf_of: None, credential, credentials });
        };
        if !actor.is_service() {
            return Err(refused("only a service may call on behalf of another caller"));
        }
        let on_behalf_of = self.bearer(carried, Use::Carried).await?;
        let (own, credential) = (sensitive(credential), sensitive(carried));
        let credentials = Credentials::new(self.clone(), own, Some(credential.clone()));
        Ok(Admitted { actor, on_behalf_of: Some(on_behalf_of), credential, credentials })
    }

    pub(crate) async fn bearer(&self, credential: &HeaderValue, by: Use) -> Result<Actor, Error> {
        let verified = self.0.verifier.verify(token(credential)?, by).await?;
        self.0.principals.find(verified.identity()).await
    }

    /// A token may be stolen; the key of a certificate stays where it is.
    fn require_certificate(&self, actor: &Actor, remote: Option<&Remote>) -> Result<(), Error> {
        if !self.0.service_certificates || !actor.is_service() {
            return Ok(());
        }
        let id = actor.principal_id.as_str();
        let short = id.strip_prefix("service.").unwrap_or(id);
        match remote.and_then(Remote::certificate_names) {
            None => Err(refused("the token of a service is only good on a connection with its certificate")),
            Some(names) if names.iter().any(|name| name == id || name == short) => Ok(()),
            Some(names) => {
                Err(refused("the certificate of the connection is not that of the token's service")
                    .with("certificate_names", names.join(",")))
            }
        }
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

/// The header's value; two would leave open which of them is meant.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Error> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(refused("the call carries more than one credential"));
    }
    Ok(value)
}

fn token(credential: &HeaderValue) -> Result<&str, Error> {
    match credential.to_str().ok().and_then(|text| text.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(refused("the call carries no bearer token")),
    }
}

fn sensitive(credential: &HeaderValue) -> HeaderValue {
    let mut credential = credential.clone();
    credential.set_sensitive(true);
    credential
}
