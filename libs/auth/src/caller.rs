//! On whose behalf a call is made: a service that calls another while it serves a call shows its own token, and beside
//! it that of the caller it serves.

use crate::Actor;
use http::HeaderValue;

/// Metadata with the token of the original caller, in the form of `authorization`. Only services send it.
pub const CALLER_HEADER: &str = "gongdan-caller";

tokio::task_local! {
    static CALLER: HeaderValue;
}

/// In a request's extensions beside the [`Actor`], which is then a service: whom it serves.
#[derive(Debug, Clone, PartialEq)]
pub struct OnBehalfOf(pub Actor);

/// Whom the calling service serves, as the auth layer found it; none when it calls for itself, or is no service.
#[must_use]
pub fn on_behalf_of<T>(request: &tonic::Request<T>) -> Option<&Actor> {
    request.extensions().get::<OnBehalfOf>().map(|OnBehalfOf(actor)| actor)
}

/// Runs a future as part of the call of this caller; [`crate::AuthChannel`] passes the credential on. What the future
/// spawns is background work and carries none.
pub(crate) async fn with_caller<F: Future>(credential: HeaderValue, future: F) -> F::Output {
    CALLER.scope(credential, future).await
}

/// The credential of the caller being served; none outside of a call.
pub(crate) fn caller() -> Option<HeaderValue> {
    CALLER.try_with(HeaderValue::clone).ok()
}
