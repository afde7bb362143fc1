//! A service under test, in this process.

use std::{net::SocketAddr, time::Duration};

use gongdan_auth::{AuthChannel, TokenSource};
use gongdan_runtime::Listeners;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{Env, eventually};

/// A service that runs until it is stopped or dropped.
pub struct Served {
    /// Where it serves gRPC: `http://127.0.0.1:…`.
    pub grpc: String,
    /// Where it serves `/metrics`, `/healthz` and `/readyz`.
    pub metrics: String,
    task: JoinHandle<anyhow::Result<()>>,
    shutdown: DropGuard,
}

impl Served {
    /// Orders it to stop and waits until it has drained.
    ///
    /// # Panics
    /// When it ended with an error.
    pub async fn stop(self) {
        drop(self.shutdown);
        self.task.await.expect("the service does not panic").expect("the service ends well");
    }

    /// Ends it at once, without draining, as a crash of its process would.
    pub async fn kill(self) {
        self.task.abort();
        self.task.await.ok();
        self.shutdown.disarm();
    }
}

impl Env {
    /// Runs a service on free ports and waits until its health is SERVING.
    ///
    /// # Panics
    /// When it ends before that.
    pub async fn serve<R, F>(&self, run: R) -> Served
    where
        R: FnOnce(Listeners, CancellationToken) -> F,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let served = self.launch(run).await;
        eventually("the service is SERVING", async || {
            if served.task.is_finished() {
                panic!("the service ended while it started; its error is in the log");
            }
            is_serving(&served.grpc).await
        })
        .await;
        served
    }

    /// Runs a service on free ports without waiting for it.
    pub async fn launch<R, F>(&self, run: R) -> Served
    where
        R: FnOnce(Listeners, CancellationToken) -> F,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let listeners = Listeners::free().await.expect("free ports");
        let url = |address: SocketAddr| format!("http://{address}");
        let grpc = url(listeners.grpc_address().expect("an address"));
        let metrics = listeners.metrics_address().expect("an address").map(url).unwrap_or_default();
        let token = CancellationToken::new();
        let service = run(listeners, token.clone());
        let task = tokio::spawn(async move {
            service.await.inspect_err(|error| tracing::error!("the service ended: {error:#}"))
        });
        Served { grpc, metrics, task, shutdown: token.drop_guard() }
    }

    /// A channel to a service, calling as a principal of this environment.
    #[must_use]
    pub fn channel(&self, service: &Served, principal: &str) -> AuthChannel {
        let token = TokenSource::fixed(self.token(principal).into());
        AuthChannel::lazy(&service.grpc, Duration::from_secs(30), token).expect("an address")
    }
}

async fn is_serving(address: &str) -> bool {
    let Ok(endpoint) = Endpoint::from_shared(address.to_owned()) else {
        return false;
    };
    let mut client = HealthClient::new(endpoint.connect_lazy());
    let answer = client.check(HealthCheckRequest { service: String::new() }).await;
    answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
}
