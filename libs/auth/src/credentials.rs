//! What a caller came in with, kept for calls that last: whether it is still good is asked again.

use crate::{actor::Actor, authenticator::Authenticator, verifier::Use};
use gongdan_errors::Error;
use http::HeaderValue;

/// In a request's extensions beside the [`Actor`]: what it was found by.
#[derive(Clone)]
pub struct Credentials {
    authenticator: Authenticator,
    own: HeaderValue,
    carried: Option<HeaderValue>,
}

impl Credentials {
    pub(crate) fn new(authenticator: Authenticator, own: HeaderValue, carried: Option<HeaderValue>) -> Self {
        Self { authenticator, own, carried }
    }

    /// The caller as it is now, asked for as at the door: by its token, that of whom it serves, and the principals.
    ///
    /// # Errors
    /// UNAUTHENTICATED when a token has ended or is refused now; PERMISSION_DENIED (`PRINCIPAL_UNKNOWN`) when the
    /// principal is not there or not active any more; UNAVAILABLE when keys or database are away.
    pub async fn actor(&self) -> Result<Actor, Error> {
        let actor = self.authenticator.bearer(&self.own, Use::Own).await?;
        if let Some(carried) = &self.carried {
            self.authenticator.bearer(carried, Use::Carried).await?;
        }
        Ok(actor)
    }
}
