//! The gRPC server. It listens from the start and opens its gate when the service is ready.

use super::{Connections, Readiness, http};
use crate::{
    Listeners, ServerConfig,
    stack::{
        AddressLayer, DeadlineLayer, Gate, Inner, LimitLayer, MessageLayer, Messages, PanicLayer, ShareLayer,
        Shared, StallLayer, TraceLayer, WireLayer,
    },
};
use ::http::{HeaderName, HeaderValue, Method, Request, Response};
use anyhow::Context;
use gongdan_access::{Access, check_coverage};
use gongdan_audit::Audit;
use gongdan_auth::Authenticator;
use gongdan_tls::{ClientAuth, Incoming, Remote, ServerTls};
use std::{convert::Infallible, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, server::NamedService, service::Routes, transport::server::TcpConnectInfo};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_http::cors::{AllowOrigin, CorsLayer};

const STARTING: &str = "starting";

/// What is behind the door.
pub(super) type Inside = Shared<Messages<Routes>>;

/// A server that listens; calls but health are UNAVAILABLE until [`Server::serve`].
pub struct Server {
    gate: Gate,
    readiness: Readiness,
    reporter: HealthReporter,
    routes: Routes,
    names: Vec<&'static str>,
    shutdown: CancellationToken,
    drain: Duration,
    share: ShareLayer,
    messages: MessageLayer,
    listening: JoinHandle<anyhow::Result<()>>,
    client_auth: ClientAuth,
    stop_http: CancellationToken,
}

impl Server {
    /// Listens. Only health, `/healthz`, `/readyz` and `/metrics` answer until [`Server::serve`].
    ///
    /// # Errors
    /// When the stack cannot be built, or `[server.tls]` cannot work.
    pub async fn listen(
        config: &ServerConfig,
        listeners: Listeners,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let tls = ServerTls::new(&config.tls).context("the [server.tls] section")?;
        let client_auth = tls.as_ref().map_or(ClientAuth::None, ServerTls::client_auth);
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", ServingStatus::NotServing).await;
        let readiness = Readiness::new(reporter.clone());
        readiness.set(STARTING, Some("the service is starting".into())).await;
        let gate = Gate::new(boxed(Routes::new(health).prepare()), readiness.clone());

        let stop_http = CancellationToken::new();
        if let Some(listener) = listeners.metrics {
            tokio::spawn(http::serve(listener, readiness.clone(), stop_http.clone()));
        }
        let connections = Connections::new(&config.connections);
        let stack = ServiceBuilder::new()
            .layer(TraceLayer::new())
            .layer(StallLayer::start(config, connections.clone()))
            .layer(DeadlineLayer { longest: config.deadline })
            .layer(LimitLayer::new(config.concurrency))
            .layer(PanicLayer)
            .layer(WireLayer)
            .layer(AddressLayer::new(config.limits.address))
            .service(gate.clone());
        let (failed_to_start, started) = oneshot::channel();
        let listening = tokio::spawn(serve_stack(
            config.clone(),
            connections,
            Incoming::new(listeners.grpc, tls),
            stack,
            shutdown.clone(),
            failed_to_start,
        ));
        if let Ok(error) = started.await {
            return Err(error);
        }
        Ok(Self {
            gate,
            readiness,
            reporter,
            routes: Routes::default(),
            names: Vec::new(),
            shutdown,
            drain: config.drain,
            share: ShareLayer::new(&config.limits),
            messages: MessageLayer { max_message_bytes: config.max_message_bytes },
            listening,
            client_auth,
            stop_http,
        })
    }

    /// What health and `/readyz` show.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Adds a service.
    pub fn add<S>(&mut self, service: S) -> &mut Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = std::mem::take(&mut self.routes).add_service(service);
        self
    }

    /// Opens the gate, serves until told to stop, lets running calls finish. Every RPC but health and reflection goes
    /// through the authenticator's door, before and behind which the audit log looks on, and past the policies.
    ///
    /// # Errors
    /// When an RPC has no policy, reflection cannot be built, the listener failed, or `auth.service_certificates` asks
    /// for what no connection has.
    pub async fn serve(
        self,
        authenticator: Authenticator,
        access: &Access,
        audit: &Audit,
    ) -> anyhow::Result<()> {
        if let Err(uncovered) = check_coverage(&self.names, &access.policies()) {
            self.abandon().await;
            return Err(uncovered).context("the service does not start");
        }
        if authenticator.requires_service_certificates() && self.client_auth == ClientAuth::None {
            self.abandon().await;
            anyhow::bail!(
                "auth.service_certificates is true, but server.tls.client_auth is \"none\": no service could call"
            );
        }
        let door = ServiceBuilder::new()
            .layer(audit.layer())
            .layer(authenticator.layer())
            .layer(audit.witness())
            .layer(access.layer())
            .into_inner();
        self.serve_behind(door).await
    }

    /// Serves behind any door.
    pub(super) async fn serve_behind<L>(mut self, door: L) -> anyhow::Result<()>
    where
        L: Layer<Inside>,
        L::Service: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
    {
        let mut reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(gongdan_proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        for name in &self.names {
            reflection = reflection.with_service_name(*name);
            self.reporter.set_service_status(*name, ServingStatus::Serving).await;
        }
        let routes = self.routes.add_service(reflection.build_v1().context("reflection")?).prepare();
        self.gate.open(boxed(door.layer(self.share.layer(self.messages.layer(routes)))));
        self.readiness.set(STARTING, None).await;
        tracing::info!(services = ?self.names, "serving");

        let stop = self.shutdown.clone();
        let ended = tokio::select! {
            ended = &mut self.listening => Some(ended),
            () = stop.cancelled() => None,
        };
        let result = match ended {
            Some(ended) => ended.context("the listener ended")?,
            None => {
                self.readiness.set(STARTING, Some("the service is stopping".into())).await;
                match tokio::time::timeout(self.drain, &mut self.listening).await {
                    Ok(ended) => ended.context("the listener ended")?,
                    Err(_) => {
                        tracing::warn!(drain = ?self.drain, "calls were still running and are cut off");
                        self.listening.abort();
                        Ok(())
                    }
                }
            }
        };
        self.stop_http.cancel();
        result
    }

    /// Stops without ever having opened.
    pub(crate) async fn abandon(self) {
        self.stop_http.cancel();
        self.listening.abort();
    }
}

/// Any service of the stack as one type; the error type says that all trouble is an answer by now.
fn boxed<S>(service: S) -> Inner
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(service.map_err(|never: Infallible| match never {}))
}

async fn serve_stack<S>(
    config: ServerConfig,
    connections: Connections,
    incoming: Incoming,
    stack: S,
    shutdown: CancellationToken,
    failed_to_start: oneshot::Sender<anyhow::Error>,
) -> anyhow::Result<()>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let cors = match cors(&config.web_origins) {
        Ok(cors) => cors,
        Err(error) => {
            let _ = failed_to_start.send(error);
            return Ok(());
        }
    };
    drop(failed_to_start);
    // Its own grace would take the place of asking politely, so the connections keep that themselves.
    let limits = &config.connections;
    tonic::transport::Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(config.streams_per_connection)
        .max_connection_age(limits.age)
        .http2_keepalive_interval(Some(limits.ping_interval))
        .http2_keepalive_timeout(Some(limits.ping_timeout))
        .http2_max_header_list_size(limits.header_bytes)
        .http2_max_pending_accept_reset_streams(Some(limits.pending_resets))
        .http2_max_local_error_reset_streams(Some(limits.error_resets))
        .layer(tower::util::option_layer(cors))
        .layer(tonic_web::GrpcWebLayer::new())
        .serve_with_incoming_shutdown(
            stack.map_request(with_addresses),
            Box::pin(connections.admit(incoming)),
            shutdown.cancelled_owned(),
        )
        .await
        .context("the gRPC listener failed")
}

/// `tonic::Request::remote_addr` goes by this.
fn with_addresses(mut request: Request<Body>) -> Request<Body> {
    if let Some(remote) = request.extensions().get::<Remote>() {
        let addresses = TcpConnectInfo { local_addr: remote.local_address(), remote_addr: remote.address() };
        request.extensions_mut().insert(addresses);
    }
    request
}

fn cors(origins: &[String]) -> anyhow::Result<Option<CorsLayer>> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let origins: Result<Vec<HeaderValue>, _> = origins.iter().map(|origin| origin.parse()).collect();
        AllowOrigin::list(origins.context("server.web_origins")?)
    };
    let exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin"].map(HeaderName::from_static);
    Ok(Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::POST])
            .allow_headers(tower_http::cors::Any)
            .expose_headers(exposed),
    ))
}
