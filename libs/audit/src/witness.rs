//! The layer behind the authentication door: sees who calls and what the request names, and takes a place in the queue.

use crate::{call::Call, caller::Caller, layer::unavailable, names, writer::Inner};
use bytes::Bytes;
use gongdan_proto::common::v1::AuditLevel;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// Tells the entry of a call who calls and what the request names. Stands behind the door, so that nobody unknown makes
/// it wait for a body, and before whoever may refuse the caller, so that the refusal has a name and an object.
#[derive(Clone)]
pub struct WitnessLayer(Arc<Inner>);

impl WitnessLayer {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self(inner)
    }
}

impl<S> Layer<S> for WitnessLayer {
    type Service = WitnessService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WitnessService { audit: self.0.clone(), inner }
    }
}

/// A service before which a [`WitnessLayer`] stands.
#[derive(Clone)]
pub struct WitnessService<S> {
    audit: Arc<Inner>,
    inner: S,
}

impl<S> Service<Request<Body>> for WitnessService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let Some(call) = request.extensions().get::<Arc<Call>>().cloned() else {
            return Box::pin(inner.call(request));
        };
        call.said().caller = Caller::of(request.extensions());
        let level = call.method.audit();
        if level == AuditLevel::None {
            return Box::pin(inner.call(request));
        }
        let audit = self.audit.clone();
        Box::pin(async move {
            // Better refused than read in vain.
            if level == AuditLevel::Personal && audit.is_failing() {
                return Ok(unavailable());
            }
            match audit.reserve().await {
                Ok(permit) => call.said().permit = Some(permit),
                Err(error) => return Ok(Status::from(error).into_http()),
            }
            inner.call(named(request, &call).await).await
        })
    }
}

/// Looks at the first frame of the body, which is the request's message or its beginning, and passes it on.
async fn named(request: Request<Body>, call: &Call) -> Request<Body> {
    if call.method.names.is_empty() {
        return request;
    }
    let (parts, mut rest) = request.into_parts();
    let first = std::future::poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await;
    if let Some(Ok(frame)) = &first
        && let Some(data) = frame.data_ref()
    {
        names::read(call.method, data, |kind, id| call.named(kind, id));
    }
    Request::from_parts(parts, Body::new(Seen { first, rest }))
}

/// A body whose first frame was looked at.
struct Seen {
    first: Option<Result<Frame<Bytes>, Status>>,
    rest: Body,
}

impl HttpBody for Seen {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.first.is_none() { self.rest.size_hint() } else { SizeHint::default() }
    }
}
