//! Shut until the service has what it needs; until then only health answers and the rest is UNAVAILABLE.

use super::AnswerFuture;
use crate::server::Readiness;
use gongdan_errors::Error;
use http::{Request, Response};
use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The services behind the gate, and those before it.
pub(crate) type Inner = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

#[derive(Clone)]
pub(crate) struct Gate {
    open: Arc<OnceLock<Inner>>,
    health: Inner,
    readiness: Readiness,
}

impl Gate {
    pub(crate) fn new(health: Inner, readiness: Readiness) -> Self {
        Self { open: Arc::default(), health, readiness }
    }

    /// Lets calls through from now on; a second time changes nothing.
    pub(crate) fn open(&self, inner: Inner) {
        let _ = self.open.set(inner);
    }
}

impl Service<Request<Body>> for Gate {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> AnswerFuture {
        if request.uri().path().starts_with("/grpc.health.") {
            return Box::pin(self.health.clone().oneshot(request));
        }
        match self.open.get() {
            Some(inner) => Box::pin(inner.clone().oneshot(request)),
            None => {
                let waiting =
                    self.readiness.waits_for().unwrap_or_else(|| "the service is starting".to_owned());
                let answer = Status::from(Error::unavailable(waiting, RETRY_AFTER)).into_http();
                Box::pin(async move { Ok(answer) })
            }
        }
    }
}
