//! One trace from the act that appends an event, over the bus, to the handler of another service. Source: X5.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "it/env.rs"]
mod env;

use env::{Env, Recorder, SOURCE, append, consumer, eventually, id, new_event};
use opentelemetry::trace::{SpanId, SpanKind, TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use std::sync::{Arc, Mutex};
use tracing::Instrument as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Memory {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Memory {
    fn of(&self, name: &str) -> Vec<SpanData> {
        self.0.lock().unwrap().iter().filter(|span| span.name == name).cloned().collect()
    }
}

#[tokio::test]
async fn the_act_the_bus_and_the_handler_are_one_trace() {
    let memory = Memory::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();
    tracing_subscriber::registry()
        .with(EnvFilter::new("info,sqlx=off,async_nats=off"))
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
        .init();

    let env = Env::start().await;
    let relay = env.relay();
    let _running = env.consume(consumer(), &Recorder::new());
    let ticket = id();
    let act = tracing::info_span!("act");
    append(&env.pool, &[new_event(ticket, 1)]).instrument(act.clone()).await;
    drop(act);
    relay.wake();
    env.wait_applied(ticket, &[1]).await;
    eventually("all spans ended", async || !memory.of("process tickets").is_empty()).await;

    let one = |name: &str| memory.of(name).pop().unwrap_or_else(|| panic!("no span {name}"));
    let (act, publish, process) = (one("act"), one("publish tickets"), one("process tickets"));
    let trace = act.span_context.trace_id();
    assert_eq!(act.parent_span_id, SpanId::INVALID);
    assert_eq!(one("INSERT events").span_context.trace_id(), trace);
    assert_eq!(
        (publish.span_context.trace_id(), publish.parent_span_id),
        (trace, act.span_context.span_id())
    );
    assert_eq!(
        (process.span_context.trace_id(), process.parent_span_id),
        (trace, publish.span_context.span_id())
    );
    assert_eq!((publish.span_kind, process.span_kind), (SpanKind::Producer, SpanKind::Consumer));
    let attribute = |name: &str| {
        process.attributes.iter().find(|kv| kv.key.as_str() == name).map(|kv| kv.value.to_string())
    };
    assert_eq!(attribute("messaging.system").as_deref(), Some("nats"));
    assert_eq!(attribute("messaging.operation.type").as_deref(), Some("process"));

    // A batch: each event continues its own trace, and the batch is linked with all of them.
    let handler = Recorder::new();
    let inbox =
        consumer().inbox(env.pool.clone(), env.bus.clone(), handler, gongdan_outbox::RelayHandle::none());
    let traced = |n: u128| gongdan_bus::Event {
        traceparent: Some(format!("00-{:032x}-{:016x}-01", n + 1, n + 1)),
        ..env::event(id(), 1)
    };
    inbox.ingest((0..3).map(traced).collect()).await.unwrap();
    let batch = one("process sla-tickets");
    assert_eq!(batch.links.len(), 3);
    for n in 1..=3_u128 {
        let trace = opentelemetry::trace::TraceId::from(n);
        assert!(memory.of("process tickets").iter().any(|span| span.span_context.trace_id() == trace));
        assert!(batch.links.iter().any(|link| link.span_context.trace_id() == trace));
    }
    assert_eq!(env.messages(SOURCE).await, 1);
}
