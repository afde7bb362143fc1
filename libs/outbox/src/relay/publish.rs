//! Publishing one batch: all out, then all acknowledged.

use crate::log::Logged;
use anyhow::Context as _;
use gongdan_bus::{Bus, Event, to_headers};
use gongdan_telemetry::{current_traceparent, set_parent};
use tracing::Span;

/// Publishes a batch and waits until the bus has acknowledged every event; gives the stream's last sequence. What was
/// acknowledged before an error is published again later and dropped by the bus or by the consumers' versions.
pub(super) async fn publish(bus: &Bus, source: &str, mut batch: Vec<Logged>) -> anyhow::Result<u64> {
    // Positions are given in the order in which rows were written, so an aggregate's versions are in order even if a
    // later version was written by a transaction that began earlier.
    batch.sort_unstable_by_key(|logged| logged.at.position);
    let stream = bus.stream_name(source);
    let mut acks = Vec::with_capacity(batch.len());
    for Logged { event, .. } in batch {
        let span = span(&event, &stream);
        let traceparent = span.in_scope(current_traceparent);
        let headers = to_headers(&event, traceparent.as_deref());
        let subject = format!("{}.{}", bus.root(), event.subject);
        let ack = bus
            .context()
            .publish_with_headers(subject, headers, event.payload)
            .await
            .with_context(|| format!("event {} was not published", event.id))?;
        acks.push((ack, span));
    }
    let mut sequence = 0;
    for (ack, _span) in acks {
        sequence = sequence.max(ack.await.context("the bus did not acknowledge")?.sequence);
    }
    Ok(sequence)
}

/// The producer's span, for a trace that is exported; from here to the acknowledgement.
fn span(event: &Event, stream: &str) -> Span {
    if !crate::inbox::is_sampled(event) {
        return Span::none();
    }
    let span = tracing::info_span!(
        "publish",
        otel.name = %format_args!("publish {}", event.source),
        otel.kind = "producer",
        messaging.system = "nats",
        messaging.operation.name = "publish",
        messaging.operation.r#type = "send",
        messaging.destination.name = stream,
        messaging.message.id = %event.id,
        gongdan.event.r#type = %event.kind,
    );
    set_parent(&span, event.traceparent.as_deref());
    span
}
