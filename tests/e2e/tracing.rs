//! One trace from the caller through SQL, outbox and bus into another service, as a real OTLP receiver gets it.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation,
    suite::Suite,
};
use gongdan_proto::tickets::v1::Phase;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::Span,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// A span and the service that sent it.
type Received = Arc<Mutex<Vec<(String, Span)>>>;

/// Keeps what it receives.
struct Receiver(Received);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let service =
                attributes.iter().find(|a| a.key == "service.name").and_then(|a| a.value.clone()?.value);
            let Some(Value::StringValue(service)) = service else { continue };
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                received.push((service.clone(), span));
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test]
async fn one_trace_spans_grpc_sql_outbox_bus_and_the_consumer_of_another_service() {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let receiver = TraceServiceServer::new(Receiver(Arc::clone(&received)));
    tokio::spawn(
        Server::builder().add_service(receiver).serve_with_incoming(TcpListenerStream::new(listener)),
    );

    let suite = Suite::start_with(&[("GONGDAN__TELEMETRY__OTLP_ENDPOINT", &endpoint)]).await;
    organisation::import(&suite).await;
    let mut desk = Desk::open(&suite).await;
    // The caller's own trace is carried on.
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut request = tonic::Request::new(complaint("夜间施工噪音扰民"));
    let traceparent = format!("00-{trace_id}-{CALLER}-01");
    request.metadata_mut().insert("traceparent", traceparent.parse().expect("ASCII"));
    let ticket = desk.tickets.create_ticket(request).await.expect("created").into_inner();
    desk.in_phase(&ticket, Phase::Dispatched).await;

    let wanted = trace_id.to_owned();
    eventually("the trace goes from the call by SQL and publishing to two consumers", || {
        let (received, wanted) = (Arc::clone(&received), wanted.clone());
        async move {
            let received = received.lock().unwrap_or_else(PoisonError::into_inner);
            let mine: Vec<_> =
                received.iter().filter(|(_, span)| hex(&span.trace_id) == wanted).cloned().collect();
            whole(&mine).then_some(())
        }
    })
    .await;
}

/// The caller's own span.
const CALLER: &str = "00f067aa0ba902b7";

/// Whether one span lies below another.
fn below(by_id: &BTreeMap<&[u8], &Span>, span: &Span, above: &Span) -> bool {
    let mut at = by_id.get(span.parent_span_id.as_slice());
    while let Some(parent) = at {
        if parent.span_id == above.span_id {
            return true;
        }
        at = by_id.get(parent.parent_span_id.as_slice());
    }
    false
}

/// Whether the trace hangs together: every parent is there, below the call in tickets lie SQL and publishing, below
/// publishing the processing of routing and sla, below routing's its SQL. Children may arrive before their parents.
fn whole(spans: &[(String, Span)]) -> bool {
    let by_id: BTreeMap<&[u8], &Span> =
        spans.iter().map(|(_, span)| (span.span_id.as_slice(), span)).collect();
    let of = |service: &str, key: &str, value: &str| -> Vec<&Span> {
        let has = |span: &Span| {
            span.attributes.iter().any(|attribute| {
                let text = attribute.value.clone().and_then(|value| value.value);
                attribute.key == key && matches!(text, Some(Value::StringValue(text)) if text.contains(value))
            })
        };
        spans
            .iter()
            .filter(|(from, span)| from.contains(service) && has(span))
            .map(|(_, span)| span)
            .collect()
    };
    let Some(call) = of("tickets", "rpc.method", "CreateTicket").first().copied() else { return false };
    let mut sends = of("tickets", "messaging.operation.type", "send");
    sends.retain(|send| below(&by_id, send, call));
    let processed = |service: &str| {
        let mut found = of(service, "messaging.operation.type", "process");
        found.retain(|span| sends.iter().any(|send| below(&by_id, span, send)));
        found
    };
    let (routing, sql) = (processed("routing"), of("routing", "db.system.name", "postgresql"));
    let rooted = spans.iter().all(|(_, span)| {
        hex(&span.parent_span_id) == CALLER || by_id.contains_key(span.parent_span_id.as_slice())
    });
    rooted
        && of("tickets", "db.system.name", "postgresql").iter().any(|sql| below(&by_id, sql, call))
        && !processed("sla").is_empty()
        && sql.iter().any(|sql| routing.iter().any(|span| below(&by_id, sql, span)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
