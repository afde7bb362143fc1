//! Spans of applying: each event continues the trace of the act that caused it. Source: X5, OpenTelemetry's semantic
//! conventions for messaging.

use crate::Event;
use gongdan_telemetry::{link, set_parent};
use tracing::Span;

/// Whether the event's trace is exported; spans of others would cost and tell nobody anything.
pub(crate) fn is_sampled(event: &Event) -> bool {
    event
        .traceparent
        .as_deref()
        .and_then(|text| text.rsplit('-').next())
        .and_then(|flags| u8::from_str_radix(flags, 16).ok())
        .is_some_and(|flags| flags & 1 == 1)
}

/// The span the handler runs in, and a span per event that lasts as long. For one event both are the same; a batch has a
/// span of its own, linked with every event's.
pub(super) fn process(consumer: &str, events: &[Event]) -> (Span, Vec<Span>) {
    if let [event] = events {
        let span = one(consumer, event);
        return (span.clone(), vec![span]);
    }
    let sampled: Vec<&Event> = events.iter().filter(|event| is_sampled(event)).collect();
    if sampled.is_empty() {
        return (Span::none(), Vec::new());
    }
    let batch = tracing::info_span!(
        "process_batch",
        otel.name = %format_args!("process {consumer}"),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.batch.message_count = events.len(),
        messaging.consumer.group.name = consumer,
    );
    let each = sampled
        .into_iter()
        .map(|event| {
            let span = one(consumer, event);
            if let Some(traceparent) = span.in_scope(gongdan_telemetry::current_traceparent) {
                link(&batch, &traceparent);
            }
            span
        })
        .collect();
    (batch, each)
}

fn one(consumer: &str, event: &Event) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "process",
        otel.name = %format_args!("process {}", event.source),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.destination.name = %event.subject,
        messaging.message.id = %event.id,
        messaging.consumer.group.name = consumer,
        gongdan.event.r#type = %event.kind,
        gongdan.aggregate.id = %event.aggregate_id,
        gongdan.aggregate.version = event.version,
    );
    set_parent(&span, event.traceparent.as_deref());
    span
}
