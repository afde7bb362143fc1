//! The door: no RPC but health and reflection without a caller.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use gongdan_tls::Remote;
use http::{Request, Response};
use tonic::Status;
use tower::{Layer, Service};

use crate::{
    authenticator::Authenticator,
    caller::{OnBehalfOf, with_caller},
};

/// Services anybody may ask: whether the server is well, and what it offers.
const OPEN: [&str; 2] = ["/grpc.health.v1.Health/", "/grpc.reflection."];

/// Whether a path may be called without a token.
#[must_use]
pub fn is_exempt(path: &str) -> bool {
    OPEN.iter().any(|open| path.starts_with(open))
}

/// Puts the [`crate::Actor`] and its [`crate::Credentials`] into each request's extensions, with [`OnBehalfOf`] beside it where a service serves
/// somebody, or answers for the service.
#[derive(Clone)]
pub struct AuthLayer {
    authenticator: Authenticator,
}

impl AuthLayer {
    pub(crate) fn new(authenticator: Authenticator) -> Self {
        Self { authenticator }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService { authenticator: self.authenticator.clone(), inner }
    }
}

/// A service behind an [`AuthLayer`].
#[derive(Clone)]
pub struct AuthService<S> {
    authenticator: Authenticator,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The clone may not be ready; what was polled ready is the one to use.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        if is_exempt(request.uri().path()) {
            return Box::pin(inner.call(request));
        }
        let authenticator = self.authenticator.clone();
        Box::pin(async move {
            let remote = request.extensions().get::<Remote>();
            match authenticator.admit(request.headers(), remote).await {
                Ok(admitted) => {
                    tracing::Span::current().record("enduser.id", &admitted.actor.principal_id);
                    request.extensions_mut().insert(admitted.actor);
                    request.extensions_mut().insert(admitted.credentials);
                    if let Some(served) = admitted.on_behalf_of {
                        request.extensions_mut().insert(OnBehalfOf(served));
                    }
                    with_caller(admitted.credential, inner.call(request)).await
                }
                Err(refused) => Ok(Status::from(refused).into_http()),
            }
        })
    }
}
