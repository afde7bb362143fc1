//! Behind the door: no RPC without an action, no handler for those whom no policy permits it.

use crate::{
    access::Access,
    caller::{Caller, denied},
};
use gongdan_auth::Actor;
use gongdan_proto::METHODS;
use http::{Request, Response};
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};
use tonic::Status;
use tower::{Layer, Service};

/// Path to action.
static ACTIONS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| METHODS.iter().map(|method| (method.path, method.action)).collect());

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

impl<S, B, R> Service<Request<B>> for AccessService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
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
        let Some(action) = ACTIONS.get(path).copied() else {
            let unknown = Status::unimplemented("there is no such RPC");
            return Box::pin(std::future::ready(Ok(unknown.into_http())));
        };
        // The door in front lets nobody in without one.
        let Some(actor) = request.extensions().get::<Actor>().cloned() else {
            let refused = Status::unauthenticated("the call carries no bearer token");
            return Box::pin(std::future::ready(Ok(refused.into_http())));
        };
        let caller = Caller::new(Arc::new(actor), self.access.policies(), action);
        if caller.table(action).is_none() {
            tracing::info!(principal = %caller.principal_id, action, "refused by policy");
            return Box::pin(std::future::ready(Ok(Status::from(denied(action)).into_http())));
        }
        request.extensions_mut().insert(caller);
        Box::pin(self.inner.call(request))
    }
}
