//! A real receiver of traces and metrics, which keeps everything it is sent.

use crate::search::Piece;
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
    common::v1::any_value::Value,
    resource::v1::Resource,
};
use prost::Message;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// What was received: each part as bytes, with all its names, attributes, events and values.
#[derive(Clone, Default)]
pub struct Received(Arc<Mutex<Vec<Piece>>>);

impl Received {
    /// Everything so far: `span <service>` and `metric <service>`.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, signal: &str, resource: Option<&Resource>, part: &impl Message) {
        let named = |resource: &Resource| {
            let name = resource.attributes.iter().find(|attribute| attribute.key == "service.name")?;
            match name.value.clone()?.value? {
                Value::StringValue(name) => Some(name),
                _ => None,
            }
        };
        let service = resource.and_then(named).unwrap_or_default();
        let piece = Piece { place: format!("{signal} {service}"), bytes: part.encode_to_vec() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

#[tonic::async_trait]
impl TraceService for Received {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for part in request.into_inner().resource_spans {
            self.keep("span", part.resource.as_ref(), &part);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Received {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        for part in request.into_inner().resource_metrics {
            self.keep("metric", part.resource.as_ref(), &part);
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

/// A receiver on a free port: its endpoint, and what it gets.
///
/// # Panics
/// When there is no port.
pub async fn receiver() -> (String, Received) {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let server = Server::builder()
        .add_service(TraceServiceServer::new(received.clone()).max_decoding_message_size(64 << 20))
        .add_service(MetricsServiceServer::new(received.clone()).max_decoding_message_size(64 << 20));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    (endpoint, received)
}
