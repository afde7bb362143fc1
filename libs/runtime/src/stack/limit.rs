//! So many calls at once and no more; the rest are refused at once instead of queueing. Source: DESIGN rule 7.

use super::AnswerFuture;
use gongdan_errors::{Error, Reason};
use http::{Request, Response};
use opentelemetry::metrics::Counter;
use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::Semaphore;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// When a refused caller may try again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A permit is held until the answer begins; streams that go on are bounded per connection by the server.
#[derive(Clone)]
pub(crate) struct LimitLayer {
    permits: Arc<Semaphore>,
    shed: Counter<u64>,
}

impl LimitLayer {
    pub(crate) fn new(concurrency: usize) -> Self {
        let shed = gongdan_telemetry::meter()
            .u64_counter("gongdan.server.shed_calls")
            .with_unit("{call}")
            .with_description("Calls refused because too many were being served")
            .build();
        shed.add(0, &[]);
        Self { permits: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))), shed }
    }
}

impl<S> Layer<S> for LimitLayer {
    type Service = Limit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Limit { layer: self.clone(), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Limit<S> {
    layer: LimitLayer,
    inner: S,
}

impl<S> Service<Request<Body>> for Limit<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> AnswerFuture {
        // A busy server must still say that it lives.
        if request.uri().path().starts_with("/grpc.health.") {
            return Box::pin(self.inner.call(request));
        }
        match self.layer.permits.clone().try_acquire_owned() {
            Ok(permit) => {
                let inner = self.inner.call(request);
                Box::pin(async move {
                    let answer = inner.await;
                    drop(permit);
                    answer
                })
            }
            Err(_) => {
                self.layer.shed.add(1, &[]);
                let busy = Error::exhausted(Reason::ServerBusy, "too many calls at once", RETRY_AFTER);
                Box::pin(async move { Ok(Status::from(busy).into_http()) })
            }
        }
    }
}
