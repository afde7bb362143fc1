//! What a real OTLP receiver gets from a process.
#![allow(clippy::unwrap_used, reason = "helpers of a test: what cannot be is a failed test")]

use gongdan_telemetry::{TelemetryConfig, current_traceparent, init, meter, set_parent, sql_span};
use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    trace::v1::Span,
};
use std::sync::{Arc, Mutex};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

#[derive(Default, Clone)]
struct Receiver {
    spans: Arc<Mutex<Vec<Span>>>,
    metrics: Arc<Mutex<Vec<String>>>,
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans =
            request.into_inner().resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans);
        self.spans.lock().unwrap().extend(spans);
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let names = request
            .into_inner()
            .resource_metrics
            .into_iter()
            .flat_map(|r| r.scope_metrics)
            .flat_map(|s| s.metrics)
            .map(|m| m.name);
        self.metrics.lock().unwrap().extend(names);
        Ok(Response::new(Default::default()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_and_metrics_reach_the_receiver_and_carry_the_callers_trace() {
    let receiver = Receiver::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(receiver.clone()))
            .add_service(MetricsServiceServer::new(receiver.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let config = TelemetryConfig { otlp_endpoint: format!("http://{address}"), ..TelemetryConfig::default() };
    let telemetry = init(&config, "test").unwrap();

    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let span = tracing::info_span!("consume");
    set_parent(&span, Some(caller));
    let passed_on = span.in_scope(|| {
        sql_span!("tickets.insert", "INSERT").in_scope(|| ());
        current_traceparent().unwrap()
    });
    drop(span);
    assert!(passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{passed_on}");
    assert!(passed_on.ends_with("-01"), "{passed_on}");
    assert_ne!(passed_on, caller, "the span itself is passed on, not its caller");

    meter().u64_counter("gongdan.test.things").build().add(1, &[]);
    let mut text = String::new();
    prometheus::TextEncoder::new().encode_utf8(&telemetry.registry().gather(), &mut text).unwrap();
    assert!(text.contains("gongdan_test_things_total"), "{text}");

    telemetry.shutdown().await;
    let spans = receiver.spans.lock().unwrap();
    let sql = spans.iter().find(|s| s.name == "INSERT tickets").expect("the statement's span arrived");
    let consume = spans.iter().find(|s| s.name == "consume").expect("the consumer's span arrived");
    assert_eq!(sql.parent_span_id, consume.span_id);
    assert_eq!(consume.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
    assert_eq!(consume.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    assert!(receiver.metrics.lock().unwrap().iter().any(|name| name == "gongdan.test.things"));
}
