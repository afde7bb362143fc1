//! The connection to the bus: waits at start, comes back by itself, counts how often it did.

use crate::BusConfig;
use async_nats::{
    Client, ConnectOptions,
    jetstream::{self, context::ContextBuilder},
};
use secrecy::ExposeSecret as _;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

const RETRY: Duration = Duration::from_millis(250);
const RETRY_MOST: Duration = Duration::from_secs(2);
/// How long one answer of the bus is waited for.
const ANSWER: Duration = Duration::from_secs(5);
const IN_FLIGHT: usize = 2_048;

/// What went wrong on the bus. All of it passes when the bus is back, except a stream or consumer it refuses.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The URL is none.
    #[error("bus.url: {0}")]
    Url(String),
    /// The bus is away, or refused.
    #[error("the bus: {0}")]
    Bus(#[source] async_nats::Error),
}

impl BusError {
    pub(crate) fn new(error: impl Into<async_nats::Error>) -> Self {
        Self::Bus(error.into())
    }
}

/// A connection that many parts of a process share.
#[derive(Clone, Debug)]
pub struct Bus(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: BusConfig,
    context: jetstream::Context,
    connects: watch::Receiver<u64>,
}

impl Bus {
    /// Connects; a bus that is away is waited for and the log says so. Lost later, it is sought for ever.
    ///
    /// # Errors
    /// When the URL is none.
    pub async fn connect(config: &BusConfig, name: &str) -> Result<Self, BusError> {
        let servers: Vec<async_nats::ServerAddr> = config
            .url
            .expose_secret()
            .split(',')
            .map(|url| url.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|error: std::io::Error| BusError::Url(error.to_string()))?;
        let (connected, connects) = watch::channel(0);
        let connected = Arc::new(connected);
        let mut pause = RETRY;
        let client = loop {
            match options(name, &servers, connected.clone()).connect(servers.clone()).await {
                Ok(client) => break client,
                Err(error) => {
                    tracing::warn!(error = %error, "waiting for the bus");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_MOST);
                }
            }
        };
        let context = ContextBuilder::new().timeout(ANSWER).max_ack_inflight(IN_FLIGHT).build(client);
        Ok(Self(Arc::new(Inner { config: config.clone(), context, connects })))
    }

    /// The configuration it was made with.
    #[must_use]
    pub fn config(&self) -> &BusConfig {
        &self.0.config
    }

    /// First token of all subjects.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.0.config.root
    }

    /// Streams, consumers, publishing.
    #[must_use]
    pub fn context(&self) -> &jetstream::Context {
        &self.0.context
    }

    /// The plain connection.
    #[must_use]
    pub fn client(&self) -> Client {
        self.0.context.client()
    }

    /// How often the connection was made so far; changes with each reconnect.
    #[must_use]
    pub fn connects(&self) -> watch::Receiver<u64> {
        self.0.connects.clone()
    }

    /// Whether the connection stands.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.client().connection_state() == async_nats::connection::State::Connected
    }

    /// Identity of the running server; another after each restart of it.
    #[must_use]
    pub fn server_id(&self) -> String {
        self.client().server_info().server_id
    }

    /// Sends what waits and closes the connection.
    pub async fn drain(&self) {
        if let Err(error) = self.client().drain().await {
            tracing::debug!(error = %error, "the bus was not drained");
        }
    }
}

fn options(
    name: &str,
    servers: &[async_nats::ServerAddr],
    connected: Arc<watch::Sender<u64>>,
) -> ConnectOptions {
    let options = match servers.iter().find(|server| server.has_user_pass()) {
        Some(server) => ConnectOptions::with_user_and_password(
            decoded(server.username().unwrap_or_default()),
            decoded(server.password().unwrap_or_default()),
        ),
        None => ConnectOptions::new(),
    };
    options
        .name(format!("gongdan-{name}"))
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .ping_interval(Duration::from_secs(20))
        .client_capacity(IN_FLIGHT)
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            if attempt <= 1 { Duration::ZERO } else { (RETRY * attempt.min(8) as u32).min(RETRY_MOST) }
        })
        .event_callback(move |event| {
            let connected = connected.clone();
            async move {
                match event {
                    async_nats::Event::Connected => {
                        connected.send_modify(|times| *times += 1);
                        tracing::info!("the bus is connected");
                    }
                    async_nats::Event::Disconnected => tracing::warn!("the bus is away; it is sought"),
                    async_nats::Event::SlowConsumer(subscription) => {
                        tracing::warn!(
                            subscription,
                            "messages of the bus were dropped here; they come again"
                        );
                    }
                    other => tracing::debug!(event = %other, "bus"),
                }
            }
        })
}

/// As it stood before it was written into a URL.
fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}
