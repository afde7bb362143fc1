//! Without an endpoint nothing is exported, and the trace still travels.

use gongdan_telemetry::{
    LogFormat, TelemetryConfig, current_traceparent, extract, init, inject, link, set_parent,
};
use http::HeaderMap;
use opentelemetry::trace::TraceContextExt;

#[tokio::test]
async fn the_context_travels_without_a_receiver_and_init_happens_once() {
    let config = TelemetryConfig { log_format: LogFormat::Json, ..TelemetryConfig::default() };
    assert_eq!(current_traceparent(), None);
    let telemetry = init(&config, "test").unwrap();
    assert!(init(&config, "test").is_err(), "a second start is refused");

    let span = tracing::info_span!("call");
    set_parent(&span, Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    link(&span, "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let mut headers = HeaderMap::new();
    span.in_scope(|| inject(&mut headers));
    let context = extract(&headers);
    assert_eq!(context.span().span_context().trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");

    let nonsense = tracing::info_span!("call");
    set_parent(&nonsense, Some("nonsense"));
    assert!(nonsense.in_scope(current_traceparent).is_some());
    assert!(!extract(&HeaderMap::new()).span().span_context().is_valid());
    telemetry.shutdown().await;
}
