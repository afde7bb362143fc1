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
    collections::BTreeSet,
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
    let traceparent = format!("00-{trace_id}-00f067aa0ba902b7-01");
    request.metadata_mut().insert("traceparent", traceparent.parse().expect("ASCII"));
    let ticket = desk.tickets.create_ticket(request).await.expect("created").into_inner();
    desk.in_phase(&ticket, Phase::Dispatched).await;

    let wanted = trace_id.to_owned();
    let spans =
        eventually("the trace has spans of the caller's call, SQL, publishing and two consumers", || {
            let (received, wanted) = (Arc::clone(&received), wanted.clone());
            async move {
                let received = received.lock().unwrap_or_else(PoisonError::into_inner);
                let mine: Vec<_> =
                    received.iter().filter(|(_, span)| hex(&span.trace_id) == wanted).cloned().collect();
                whole(&mine).then_some(mine)
            }
        })
        .await;

    // Every span hangs in the tree: its parent is the caller or another span of the trace.
    let ids: BTreeSet<_> = spans.iter().map(|(_, span)| span.span_id.clone()).collect();
    for (service, span) in &spans {
        let rooted = hex(&span.parent_span_id) == "00f067aa0ba902b7" || ids.contains(&span.parent_span_id);
        assert!(rooted, "{service} {} hangs nowhere", span.name);
    }
}

/// Whether the trace has a gRPC server span, an SQL span and a publishing span of tickets, and processing spans with
/// SQL of another service.
fn whole(spans: &[(String, Span)]) -> bool {
    let has = |service: &str, key: &str, value: &str| {
        spans.iter().any(|(from, span)| {
            from.contains(service)
                && span.attributes.iter().any(|attribute| {
                    let text = attribute.value.clone().and_then(|value| value.value);
                    attribute.key == key
                        && matches!(text, Some(Value::StringValue(text)) if text.contains(value))
                })
        })
    };
    has("tickets", "rpc.method", "CreateTicket")
        && has("tickets", "db.system.name", "postgresql")
        && has("tickets", "messaging.operation.type", "send")
        && has("routing", "messaging.operation.type", "process")
        && has("sla", "messaging.operation.type", "process")
        && has("routing", "db.system.name", "postgresql")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
