//! A service under test, in this process.

use std::{net::SocketAddr, ops::Deref, time::Duration};

use gongdan_auth::{AuthChannel, TokenSource};
use gongdan_runtime::Listeners;
use tokio::{
    runtime::{Handle, Runtime},
    task::JoinHandle,
};
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

    async fn wait_until_serving(&self) {
        eventually("the service is SERVING", async || {
            if self.task.is_finished() {
                panic!("the service ended while it started; its error is in the log");
            }
            is_serving(&self.grpc).await
        })
        .await;
    }
}

/// A service with threads of its own, which can end as a process does that is killed.
pub struct Apart {
    served: Option<Served>,
    runtime: Option<Runtime>,
}

impl Apart {
    /// Orders it to stop and waits until it has drained.
    ///
    /// # Panics
    /// When it ended with an error.
    pub async fn stop(mut self) {
        if let Some(served) = self.served.take() {
            served.stop().await;
        }
    }

    /// Ends it at once, jobs and consumers and all, wherever they are: what they had begun is rolled back.
    ///
    /// # Panics
    /// When its threads do not end.
    pub async fn kill(mut self) {
        if let Some(served) = self.served.take() {
            served.shutdown.disarm();
        }
        if let Some(runtime) = self.runtime.take() {
            let ended =
                tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(10)));
            ended.await.expect("its threads end");
        }
    }
}

impl Deref for Apart {
    type Target = Served;

    fn deref(&self) -> &Served {
        self.served.as_ref().expect("it was not killed")
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
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
        served.wait_until_serving().await;
        served
    }

    /// As [`Env::serve`], with threads of its own: it can be killed.
    ///
    /// # Panics
    /// When it ends before it is SERVING.
    pub async fn serve_apart<R, F>(&self, run: R) -> Apart
    where
        R: FnOnce(Listeners, CancellationToken) -> F,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = threads.expect("threads");
        let served = launch_on(runtime.handle(), run).await;
        served.wait_until_serving().await;
        Apart { served: Some(served), runtime: Some(runtime) }
    }

    /// Runs a service on free ports without waiting for it.
    pub async fn launch<R, F>(&self, run: R) -> Served
    where
        R: FnOnce(Listeners, CancellationToken) -> F,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        launch_on(&Handle::current(), run).await
    }

    /// A channel to a service, calling as a principal of this environment.
    #[must_use]
    pub fn channel(&self, service: &Served, principal: &str) -> AuthChannel {
        let token = TokenSource::fixed(self.token(principal).into());
        AuthChannel::lazy(&service.grpc, Duration::from_secs(30), token).expect("an address")
    }
}

async fn launch_on<R, F>(runtime: &Handle, run: R) -> Served
where
    R: FnOnce(Listeners, CancellationToken) -> F,
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let listeners = runtime.spawn(Listeners::free()).await.expect("no panic").expect("free ports");
    let url = |address: SocketAddr| format!("http://{address}");
    let grpc = url(listeners.grpc_address().expect("an address"));
    let metrics = listeners.metrics_address().expect("an address").map(url).unwrap_or_default();
    let token = CancellationToken::new();
    let service = run(listeners, token.clone());
    let task = runtime.spawn(async move {
        service.await.inspect_err(|error| tracing::error!("the service ended: {error:#}"))
    });
    Served { grpc, metrics, task, shutdown: token.drop_guard() }
}

async fn is_serving(address: &str) -> bool {
    let Ok(endpoint) = Endpoint::from_shared(address.to_owned()) else {
        return false;
    };
    let mut client = HealthClient::new(endpoint.connect_lazy());
    let answer = client.check(HealthCheckRequest { service: String::new() }).await;
    answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
}
