//! W3C trace context where a call leaves or enters the process: gRPC metadata, bus headers, event rows.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A set of string keys and values that travels with a message, for example bus headers.
pub trait Carrier {
    /// The value of a key, if it is there and text.
    fn get(&self, key: &str) -> Option<&str>;
    /// Sets a key.
    fn set(&mut self, key: &'static str, value: String);
}

struct Outgoing<'a, C: ?Sized>(&'a mut C);

impl<C: Carrier + ?Sized> Injector for Outgoing<'_, C> {
    fn set(&mut self, key: &str, value: String) {
        match key {
            "traceparent" => self.0.set("traceparent", value),
            "tracestate" if !value.is_empty() => self.0.set("tracestate", value),
            _ => {}
        }
    }
}

struct Incoming<'a, C: ?Sized>(&'a C);

impl<C: Carrier + ?Sized> Extractor for Incoming<'_, C> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)
    }

    fn keys(&self) -> Vec<&str> {
        ["traceparent", "tracestate"].into_iter().filter(|k| self.0.get(k).is_some()).collect()
    }
}

impl Carrier for HeaderMap {
    fn get(&self, key: &str) -> Option<&str> {
        self.get(key)?.to_str().ok()
    }

    fn set(&mut self, key: &'static str, value: String) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            self.insert(HeaderName::from_static(key), value);
        }
    }
}

/// The `traceparent` and nothing else, as an event row keeps it.
struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

fn current() -> Context {
    let context = Context::current();
    if context.span().span_context().is_valid() { context } else { Span::current().context() }
}

/// The current span as W3C `traceparent`; none outside of any span.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    let context = current();
    let span = context.span();
    let span = span.span_context();
    span.is_valid()
        .then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
}

/// The trace of the current span, or else the one that headers name: 32 hexadecimal digits.
#[must_use]
pub fn trace_id(headers: &HeaderMap) -> Option<String> {
    let of = |context: &Context| {
        let span = context.span();
        let span = span.span_context();
        span.is_valid().then(|| span.trace_id().to_string())
    };
    of(&current()).or_else(|| of(&extract(headers)))
}

/// Puts the current context into gRPC metadata or HTTP headers.
pub fn inject(headers: &mut HeaderMap) {
    inject_into(headers);
}

/// Puts the current context into any carrier.
pub fn inject_into<C: Carrier + ?Sized>(carrier: &mut C) {
    TraceContextPropagator::new().inject_context(&current(), &mut Outgoing(carrier));
}

/// The context that gRPC metadata or HTTP headers carry; empty when they carry none.
#[must_use]
pub fn extract(headers: &HeaderMap) -> Context {
    extract_from(headers)
}

/// The context that a carrier carries; empty when it carries none.
#[must_use]
pub fn extract_from<C: Carrier + ?Sized>(carrier: &C) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Incoming(carrier))
}

fn span_context(traceparent: &str) -> Option<SpanContext> {
    let context =
        TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(traceparent));
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// Makes `span` a child of `traceparent`. To be called before the span is entered; nothing happens for none or for a
/// text that is no traceparent.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    if let Some(parent) = traceparent.and_then(span_context) {
        // Fails only when no exporter layer is there, as in tests without telemetry: then there is nothing to link.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Links `span` to `traceparent`, for work done on behalf of several callers at once.
pub fn link(span: &Span, traceparent: &str) {
    if let Some(other) = span_context(traceparent) {
        span.add_link(other);
    }
}
