//! A span and a measurement per call, by OpenTelemetry's RPC conventions.

use super::{Answer, AnswerFuture};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, UpDownCounter},
};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};
use tonic::{Code, body::Body};
use tower::{Layer, Service};
use tracing::{Instrument, Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// RPCs that every server has and no contract of ours.
const OPEN: [&str; 5] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

#[derive(Clone)]
pub(crate) struct TraceLayer(Arc<Instruments>);

struct Instruments {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
}

impl TraceLayer {
    pub(crate) fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let active = meter
            .i64_up_down_counter("gongdan.server.active_calls")
            .with_unit("{call}")
            .with_description("Calls that are being served")
            .build();
        active.add(0, &[]);
        Self(Arc::new(Instruments {
            duration: meter
                .f64_histogram("rpc.server.call.duration")
                .with_unit("s")
                .with_description("From the first byte of a call to the last of its answer")
                .with_boundaries(vec![
                    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                ])
                .build(),
            active,
        }))
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Trace { instruments: self.0.clone(), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Trace<S> {
    instruments: Arc<Instruments>,
    inner: S,
}

impl<S> Service<Request<Body>> for Trace<S>
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
        let method = name_of(request.uri().path());
        let span = tracing::info_span!(
            "rpc",
            otel.name = %method,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = method,
            rpc.response.status_code = Empty,
            enduser.id = Empty,
        );
        // Without an exporter layer there is no parent to set.
        let _ = span.set_parent(gongdan_telemetry::extract(request.headers()));
        self.instruments.active.add(1, &[]);
        let call = Call {
            instruments: self.instruments.clone(),
            span: span.clone(),
            method,
            begun: now(),
            code: None,
        };
        let inner = self.inner.call(request);
        Box::pin(
            async move {
                let mut call = call;
                let response = match inner.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                call.code = status(response.headers());
                Answer::Ok(response.map(|inner| Body::new(Traced { inner, call })))
            }
            .instrument(span),
        )
    }
}

/// The full name of an RPC that is in a contract, or of health and reflection. Any other path is a text of the caller's,
/// which may be personal, and as an attribute would be a series per typo. Source: OpenTelemetry's RPC conventions.
fn name_of(path: &str) -> &'static str {
    let known = gongdan_proto::method(path).map(|method| method.path);
    let open = || OPEN.into_iter().find(|known| *known == path);
    known.or_else(open).map_or("_OTHER", |path| path.trim_start_matches('/'))
}

#[allow(clippy::disallowed_methods, reason = "a duration that is measured, not a time that is decided")]
fn now() -> Instant {
    Instant::now()
}

fn status(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// A call until the last of its answer has left or the caller has.
struct Call {
    instruments: Arc<Instruments>,
    span: Span,
    method: &'static str,
    begun: Instant,
    code: Option<Code>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        let name = gongdan_errors::code_name(code);
        self.span.record("rpc.response.status_code", name);
        if is_server_fault(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        self.instruments.active.add(-1, &[]);
        self.instruments.duration.record(
            self.begun.elapsed().as_secs_f64(),
            &[
                KeyValue::new("rpc.system.name", "grpc"),
                KeyValue::new("rpc.method", self.method),
                KeyValue::new("rpc.response.status_code", name),
            ],
        );
    }
}

struct Traced {
    inner: Body,
    call: Call,
}

impl HttpBody for Traced {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let span = self.call.span.clone();
        let _entered = span.enter();
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            self.call.code = status(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Faults of the server by the RPC conventions; the rest are refusals.
fn is_server_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_method_is_not_repeated() {
        let known = "gongdan.tickets.v1.TicketService/GetTicket";
        assert_eq!(name_of(&format!("/{known}")), known);
        assert_eq!(name_of("/grpc.health.v1.Health/Check"), "grpc.health.v1.Health/Check");
        for path in ["/gongdan.tickets.v1.TicketService/13800001234", "/13800001234/x", "/", ""] {
            assert_eq!(name_of(path), "_OTHER", "{path}");
        }
    }
}
