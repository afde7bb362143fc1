//! The event logs of the owners, over gRPC.

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use gongdan_bus::Event;
use gongdan_proto::common::v1::{
    ReplayEventsRequest, ReplayEventsResponse,
    event_service_server::{EventService, EventServiceServer},
};
use std::sync::{Arc, Mutex};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// One owner's log.
#[derive(Clone)]
pub struct Owner {
    events: Arc<Mutex<Vec<Event>>>,
    /// One permit lets one reading through.
    gate: Arc<Semaphore>,
    pub address: String,
}

impl Owner {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let owner = Self {
            events: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS >> 1)),
            address,
        };
        let server = tonic::transport::Server::builder().add_service(EventServiceServer::new(owner.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        owner
    }

    pub fn add(&self, event: &Event) {
        self.events.lock().unwrap().push(event.clone());
    }

    pub fn len(&self) -> usize {
        self.events.lock().unwrap().len()
    }

    /// Readings wait from now on.
    pub fn shut(&self) {
        self.gate.forget_permits(usize::MAX);
    }

    /// Readings go on.
    pub fn open(&self) {
        self.gate.add_permits(1000);
    }
}

#[tonic::async_trait]
impl EventService for Owner {
    type ReplayEventsStream = BoxStream<'static, Result<ReplayEventsResponse, Status>>;

    async fn replay_events(
        &self,
        request: Request<ReplayEventsRequest>,
    ) -> Result<Response<Self::ReplayEventsStream>, Status> {
        let request = request.into_inner();
        self.gate.acquire().await.unwrap().forget();
        let after: usize = if request.from.is_empty() { 0 } else { request.from.parse().unwrap() };
        let events = self.events.lock().unwrap().clone();
        let answers = events.into_iter().enumerate().skip(after).filter(move |(_, event)| {
            (request.aggregate_ids.is_empty()
                || request.aggregate_ids.contains(&event.aggregate_id.to_string()))
                && event.version >= request.from_version
        });
        let answers = answers.map(|(index, event)| {
            Ok(ReplayEventsResponse {
                event: Some(event.to_proto("test")),
                position: (index + 1).to_string(),
            })
        });
        Ok(Response::new(stream::iter(answers).boxed()))
    }
}
