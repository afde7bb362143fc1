//! Behind the door: no RPC without an action, no handler for those whom no policy permits it, no stream that outlasts
//! what let its caller in.

use crate::{
    access::Access,
    caller::{Caller, denied},
    lasting::Lasting,
};
use gongdan_auth::{Actor, Credentials};
use gongdan_proto::{METHODS, Method};
use http::{Request, Response};
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// By path.
static BY_PATH: LazyLock<HashMap<&str, &Method>> =
    LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());

/// Puts the [`Caller`] into each request's extensions, or answers for the service.
#[derive(Clone)]
pub struct AccessLayer {
    access: Access,
}

impl AccessLayer {
    pub(crate) fn new(access: Access) -> Self {
        Self { access }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessService { access: self.access.clone(), inner }
    }
}

/// A service behind an [`AccessLayer`].
#[derive(Clone)]
pub struct AccessService<S> {
    access: Access,
    inner: S,
}

impl<S, B> Service<Request<B>> for AccessService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        if gongdan_auth::is_exempt(path) {
            return Box::pin(self.inner.call(request));
        }
        let Some(method) = BY_PATH.get(path).copied() else {
            let unknown = Status::unimplemented("there is no such RPC");
            return Box::pin(std::future::ready(Ok(unknown.into_http())));
        };
        // The door in front lets nobody in without one.
        let Some(actor) = request.extensions().get::<Actor>().cloned() else {
            let refused = Status::unauthenticated("the call carries no bearer token");
            return Box::pin(std::future::ready(Ok(refused.into_http())));
        };
        let action = method.action;
        let mut caller = Caller::new(Arc::new(actor), self.access.policies(), action);
        if caller.table(action).is_none() {
            tracing::info!(principal = %caller.principal_id, action, "refused by policy");
            return Box::pin(std::future::ready(Ok(Status::from(denied(action)).into_http())));
        }
        if !method.streams {
            request.extensions_mut().insert(caller);
            return Box::pin(self.inner.call(request));
        }
        if let Some(credentials) = request.extensions().get::<Credentials>().cloned() {
            caller = caller.lasting(self.access.clone(), credentials);
        }
        request.extensions_mut().insert(caller.clone());
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer.await?.map(|inner| Body::new(Lasting::new(inner, caller)))) })
    }
}
