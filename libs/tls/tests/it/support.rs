//! A server behind TLS that notes whom it sees, and clients.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use gongdan_telemetry::{Telemetry, TelemetryConfig};
use gongdan_tls::{
    ClientAuth, ClientTls, ClientTlsConfig, Incoming, Remote, ServerTls, ServerTlsConfig, connect,
    testing::Authority,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::{Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::{ServiceBuilder, util::MapRequestLayer};

/// How often files are looked at here.
pub const LOOK: Duration = Duration::from_millis(20);

/// A server whose certificate is for 127.0.0.1.
pub struct House {
    pub directory: TempDir,
    pub authority: Authority,
    pub address: String,
    pub seen: Arc<Mutex<Vec<Option<Vec<String>>>>>,
}

impl House {
    pub async fn new(client_auth: ClientAuth) -> Self {
        static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
        TELEMETRY.get_or_init(|| gongdan_telemetry::init(&TelemetryConfig::default(), "test").unwrap());
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new("ours");
        let (cert_file, key_file) = authority.issue(&["127.0.0.1"]).write(directory.path(), "server");
        let client_ca_file = match client_auth {
            ClientAuth::None => String::new(),
            _ => authority.write(directory.path(), "clients.ca"),
        };
        let config =
            ServerTlsConfig { cert_file, key_file, client_ca_file, client_auth, reload_interval: LOOK };
        let tls = ServerTls::new(&config).unwrap();
        let seen = Arc::default();
        let address = format!("https://{}", serve(tls, Arc::clone(&seen)).await);
        Self { directory, authority, address, seen }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What trusts the house's authority and shows nothing.
    pub fn client(&self) -> ClientTlsConfig {
        let ca_file = self.authority.write(self.path(), "servers.ca");
        ClientTlsConfig { ca_file, reload_interval: LOOK, ..ClientTlsConfig::default() }
    }

    /// The same with a certificate of an authority.
    pub fn client_with(&self, authority: &Authority, names: &[&str]) -> ClientTlsConfig {
        let (cert_file, key_file) = authority.issue(names).write(self.path(), "client");
        ClientTlsConfig { cert_file, key_file, ..self.client() }
    }

    /// A channel of its own.
    pub fn channel(&self, config: &ClientTlsConfig) -> Channel {
        connect(&self.address, Some(&ClientTls::new(config).unwrap()), |endpoint| endpoint).unwrap()
    }

    /// One call over a connection of its own.
    pub async fn call(&self, config: &ClientTlsConfig) -> Result<(), Status> {
        ask(&self.channel(config)).await
    }

    /// The names that the last call came with.
    pub fn last_seen(&self) -> Option<Vec<String>> {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

pub async fn ask(channel: &Channel) -> Result<(), Status> {
    HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await.map(drop)
}

/// What went wrong, with its causes.
pub fn words(status: &Status) -> String {
    let mut text = status.to_string();
    let mut source = std::error::Error::source(status);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

pub async fn serve(
    tls: Option<ServerTls>,
    seen: Arc<Mutex<Vec<Option<Vec<String>>>>>,
) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_, health) = tonic_health::server::health_reporter();
    let note = MapRequestLayer::new(move |request: http::Request<tonic::body::Body>| {
        let remote = request.extensions().get::<Remote>().expect("each request says where it is from");
        assert!(remote.address().is_some() && remote.local_address() == Some(address));
        seen.lock().unwrap().push(remote.certificate_names().map(<[String]>::to_vec));
        request
    });
    let stack = ServiceBuilder::new().layer(note).service(health);
    let incoming = Incoming::new(listener, tls);
    tokio::spawn(
        async move { tonic::transport::Server::builder().serve_with_incoming(stack, incoming).await },
    );
    address
}

/// Tries again until it is so, for ten seconds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !holds().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// How many changes of a server's files were refused so far.
pub fn refused_reloads() -> f64 {
    let families = gongdan_telemetry::registry().gather();
    let reloads = families.iter().filter(|family| family.name() == "gongdan_tls_reloads_total");
    let labelled = |metric: &prometheus::proto::Metric, value: &str| {
        metric.get_label().iter().any(|label| label.value() == value)
    };
    let refused = reloads
        .flat_map(|family| family.get_metric())
        .filter(|metric| labelled(metric, "server") && labelled(metric, "refused"));
    refused.map(|metric| metric.get_counter().get_value()).sum()
}
