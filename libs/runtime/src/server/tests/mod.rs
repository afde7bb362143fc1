//! The server through its sockets.

mod door;
mod flood;
mod malformed;
mod mirror;
mod raw;
mod tls;

use super::{Server, grpc::Inside};
use crate::{CommonConfig, Listeners, ServerConfig, Sources};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use gongdan_auth::{AuthConfig, Authenticator};
use gongdan_clock::SystemClock;
use gongdan_proto::common::v1::{
    ReplayEventsRequest, ReplayEventsResponse,
    event_service_server::{EventService, EventServiceServer},
};
use gongdan_proto::tickets::v1::{
    GetPriorityMatrixRequest, PriorityCell, PriorityMatrix, SetPriorityMatrixRequest,
    priority_service_client::PriorityServiceClient,
    priority_service_server::{PriorityService, PriorityServiceServer},
};
use gongdan_telemetry::TelemetryConfig;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, body::Body, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tonic_types::StatusExt;
use tower::{Layer, Service, layer::util::Identity};

const PANIC: i32 = 1;
const HANG: i32 = 2;
const HOLD: i32 = 3;
const LARGE: i32 = 4;

/// Does what the requested type says.
#[derive(Clone)]
struct Moody {
    entered: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

#[tonic::async_trait]
impl PriorityService for Moody {
    async fn get_priority_matrix(
        &self,
        request: Request<GetPriorityMatrixRequest>,
    ) -> Result<Response<PriorityMatrix>, Status> {
        match request.into_inner().r#type {
            PANIC => panic!("the secret of row 7"),
            HANG => std::future::pending().await,
            HOLD => {
                self.entered.add_permits(1);
                self.released.acquire().await.unwrap().forget();
            }
            LARGE => {
                let cells = vec![PriorityCell::default(); 1_000];
                return Ok(Response::new(PriorityMatrix { cells, ..PriorityMatrix::default() }));
            }
            _ => {}
        }
        Ok(Response::new(PriorityMatrix::default()))
    }

    async fn set_priority_matrix(
        &self,
        _: Request<SetPriorityMatrixRequest>,
    ) -> Result<Response<PriorityMatrix>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

/// A stream that always has more.
#[derive(Clone)]
struct Endless {
    open: watch::Sender<usize>,
}

/// One of its streams, until the server lets go of it.
struct Opened(watch::Sender<usize>);

impl Opened {
    fn new(open: &watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open.clone())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl Endless {
    fn open(&self) -> usize {
        *self.open.borrow()
    }

    async fn until_open(&self, count: usize) {
        self.open.subscribe().wait_for(|open| *open == count).await.unwrap();
    }
}

#[tonic::async_trait]
impl EventService for Endless {
    type ReplayEventsStream = BoxStream<'static, Result<ReplayEventsResponse, Status>>;

    async fn replay_events(
        &self,
        _: Request<ReplayEventsRequest>,
    ) -> Result<Response<Self::ReplayEventsStream>, Status> {
        let answers = stream::unfold(Opened::new(&self.open), |opened| async {
            let answer =
                ReplayEventsResponse { position: "x".repeat(100), ..ReplayEventsResponse::default() };
            Some((Ok(answer), opened))
        });
        Ok(Response::new(answers.boxed()))
    }
}

struct Running {
    moody: Moody,
    endless: Endless,
    grpc: SocketAddr,
    http: SocketAddr,
    shutdown: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

fn config() -> ServerConfig {
    static TELEMETRY: OnceLock<gongdan_telemetry::Telemetry> = OnceLock::new();
    TELEMETRY.get_or_init(|| gongdan_telemetry::init(&TelemetryConfig::default(), "test").unwrap());
    let config: CommonConfig = Sources::default().load("test").unwrap();
    config.server
}

async fn start(config: ServerConfig, authenticator: Option<Authenticator>) -> Running {
    match authenticator {
        Some(authenticator) => start_behind(config, authenticator.layer()).await,
        None => start_behind(config, Identity::new()).await,
    }
}

async fn start_behind<L>(config: ServerConfig, door: L) -> Running
where
    L: Layer<Inside> + Send + 'static,
    L::Service: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    <L::Service as Service<http::Request<Body>>>::Future: Send + 'static,
{
    start_with(config, |server| server.serve_behind(door)).await
}

async fn start_with<F>(config: ServerConfig, serve: impl FnOnce(Server) -> F) -> Running
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let moody = Moody { entered: Arc::new(Semaphore::new(0)), released: Arc::new(Semaphore::new(0)) };
    let endless = Endless { open: watch::Sender::new(0) };
    let listeners = Listeners::free().await.unwrap();
    let grpc = listeners.grpc_address().unwrap();
    let http = listeners.metrics_address().unwrap().unwrap();
    let shutdown = CancellationToken::new();
    let mut server = Server::listen(&config, listeners, shutdown.clone()).await.unwrap();
    server.add(PriorityServiceServer::new(moody.clone())).add(EventServiceServer::new(endless.clone()));
    let readiness = server.readiness();
    let served = tokio::spawn(serve(server));
    while readiness.waits_for().is_some() {
        tokio::task::yield_now().await;
    }
    Running { moody, endless, grpc, http, shutdown, served }
}

impl Running {
    async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    async fn client(&self) -> PriorityServiceClient<Channel> {
        PriorityServiceClient::new(self.channel().await)
    }

    async fn health(&self) -> ServingStatus {
        let answer =
            HealthClient::new(self.channel().await).check(HealthCheckRequest::default()).await.unwrap();
        answer.into_inner().status()
    }
}

fn ask(mood: i32) -> GetPriorityMatrixRequest {
    GetPriorityMatrixRequest { r#type: mood }
}

async fn http1(address: SocketAddr, request: &[u8], until: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if text.contains(until) {
            return text;
        }
        match stream.read(&mut piece).await.unwrap() {
            0 => return text,
            n => answer.extend_from_slice(&piece[..n]),
        }
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    http1(address, request.as_bytes(), "\0").await
}

fn nobody_known() -> (tempfile::TempDir, AuthConfig) {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("jwks.json");
    std::fs::write(&keys, "{\"keys\":[]}").unwrap();
    (dir, AuthConfig::local("test", keys, "gongdan"))
}

#[tokio::test]
async fn the_anonymous_get_health_and_reflection_and_nothing_else() {
    let (_dir, auth) = nobody_known();
    let pool = sqlx::PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let authenticator = Authenticator::new(&auth, pool, Arc::new(SystemClock)).await.unwrap();
    let running = start(config(), Some(authenticator)).await;

    let refused = running.client().await.get_priority_matrix(ask(0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(running.health().await, ServingStatus::Serving);

    let list = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut answers = ServerReflectionClient::new(running.channel().await)
        .server_reflection_info(tokio_stream::iter([list]))
        .await
        .unwrap()
        .into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    assert!(names.iter().any(|name| name == "gongdan.tickets.v1.PriorityService"), "{names:?}");
}

#[tokio::test]
async fn a_panic_is_internal_for_its_caller_and_nothing_for_the_next() {
    let running = start(config(), None).await;
    let mut client = running.client().await;
    let failed = client.get_priority_matrix(ask(PANIC)).await.unwrap_err();
    assert_eq!(failed.code(), Code::Internal);
    assert!(!format!("{failed:?}").contains("secret"), "nothing internal leaks");
    client.get_priority_matrix(ask(0)).await.unwrap();
    assert!(get(running.http, "/metrics").await.contains("rpc_server_call_duration_seconds_bucket"));
}

#[tokio::test]
async fn a_call_ends_with_the_callers_time_or_ours() {
    let running = start(ServerConfig { deadline: Duration::from_millis(50), ..config() }, None).await;
    let mut client = running.client().await;
    let late = client.get_priority_matrix(ask(HANG)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    let info = late.get_error_details();
    assert_eq!(info.error_info().map(|i| i.reason.as_str()), Some("DEADLINE_EXCEEDED"));

    // Without our client, whose own timer may be first.
    let running = start(config(), None).await;
    let request = b"POST /gongdan.tickets.v1.PriorityService/GetPriorityMatrix HTTP/1.1\r\nHost: test\r\n\
        Content-Type: application/grpc-web+proto\r\nGrpc-Timeout: 50m\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02\x08\x02";
    let answer = http1(running.grpc, request, "grpc-status").await;
    assert!(answer.contains("grpc-status: 4"), "{answer}");
}

#[tokio::test]
async fn too_many_calls_are_refused_at_once_and_health_still_answers() {
    let running = start(ServerConfig { concurrency: 1, ..config() }, None).await;
    let mut client = running.client().await;
    let held = tokio::spawn({
        let mut client = client.clone();
        async move { client.get_priority_matrix(ask(HOLD)).await }
    });
    running.moody.entered.acquire().await.unwrap().forget();
    let refused = client.get_priority_matrix(ask(0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.get_error_details().retry_info().is_some());
    assert_eq!(running.health().await, ServingStatus::Serving);
    running.moody.released.add_permits(1);
    held.await.unwrap().unwrap();
    client.get_priority_matrix(ask(0)).await.unwrap();
}

#[tokio::test]
async fn running_calls_finish_after_the_order_to_stop() {
    let running = start(config(), None).await;
    let mut client = running.client().await;
    let held = tokio::spawn(async move { client.get_priority_matrix(ask(HOLD)).await });
    running.moody.entered.acquire().await.unwrap().forget();
    running.shutdown.cancel();
    while get(running.http, "/readyz").await.contains("200 OK") {
        tokio::task::yield_now().await;
    }
    assert!(!running.served.is_finished(), "it waits for the call");
    running.moody.released.add_permits(1);
    held.await.unwrap().unwrap();
    running.served.await.unwrap().unwrap();
    assert!(TcpStream::connect(running.grpc).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn until_it_serves_calls_are_unavailable_and_everybody_is_told_why() {
    let listeners = Listeners::free().await.unwrap();
    let grpc = listeners.grpc_address().unwrap();
    let address = listeners.metrics_address().unwrap().unwrap();
    let server = Server::listen(&config(), listeners, CancellationToken::new()).await.unwrap();
    server.readiness().set("database", Some("waiting for the database".into())).await;

    let channel = Channel::from_shared(format!("http://{grpc}")).unwrap().connect().await.unwrap();
    let refused = PriorityServiceClient::new(channel.clone()).get_priority_matrix(ask(0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("waiting for the database"), "{refused}");
    assert!(refused.get_error_details().retry_info().is_some());
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::NotServing);
    let ready = get(address, "/readyz").await;
    assert!(ready.contains("503") && ready.contains("waiting for the database"), "{ready}");
    assert!(get(address, "/healthz").await.contains("200 OK"));
}

#[tokio::test]
async fn a_browser_may_call_over_http_1() {
    let running =
        start(ServerConfig { web_origins: vec!["https://desk.example.cn".into()], ..config() }, None).await;
    let request = b"POST /gongdan.tickets.v1.PriorityService/GetPriorityMatrix HTTP/1.1\r\nHost: test\r\n\
        Origin: https://desk.example.cn\r\nContent-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n\
        Content-Length: 5\r\n\r\n\0\0\0\0\0";
    let answer = http1(running.grpc, request, "grpc-status").await;
    assert!(answer.contains("200 OK") && answer.contains("grpc-status:0"), "{answer}");
    assert!(
        answer.to_lowercase().contains("access-control-allow-origin: https://desk.example.cn"),
        "{answer}"
    );
}
