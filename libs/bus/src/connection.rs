//! The connection to the bus: waits at start, comes back by itself, counts how often it did.

use crate::BusConfig;
use async_nats::{
    Client, ConnectOptions, ServerAddr,
    jetstream::{self, context::ContextBuilder},
};
use secrecy::{ExposeSecret as _, SecretString};
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
        let (servers, access) = servers(config.url.expose_secret())
            .map_err(|error: std::io::Error| BusError::Url(error.to_string()))?;
        let (connected, connects) = watch::channel(0);
        let connected = Arc::new(connected);
        let mut pause = RETRY;
        let client = loop {
            match options(name, &access, connected.clone()).connect(servers.clone()).await {
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

/// How this process opens the door of the bus.
enum Access {
    Open,
    Password(String, SecretString),
    Token(SecretString),
}

/// The servers of a URL, and what opens their door: apart, because the driver logs addresses as they are.
fn servers(urls: &str) -> std::io::Result<(Vec<ServerAddr>, Access)> {
    let mut servers = Vec::new();
    let mut access = Access::Open;
    for url in urls.split(',') {
        let server: ServerAddr = url.trim().parse()?;
        if matches!(access, Access::Open) {
            access = match (server.username(), server.password()) {
                (Some(user), Some(password)) => Access::Password(decoded(user), decoded(password).into()),
                (Some(token), None) => Access::Token(decoded(token).into()),
                (None, _) => Access::Open,
            };
        }
        let mut bare = server.into_inner();
        if bare.set_username("").and_then(|()| bare.set_password(None)).is_err() {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it names no host"));
        }
        servers.push(ServerAddr::from_url(bare)?);
    }
    Ok((servers, access))
}

fn options(name: &str, access: &Access, connected: Arc<watch::Sender<u64>>) -> ConnectOptions {
    let options = match access {
        Access::Open => ConnectOptions::new(),
        Access::Password(user, password) => {
            ConnectOptions::with_user_and_password(user.clone(), password.expose_secret().to_owned())
        }
        Access::Token(token) => ConnectOptions::with_token(token.expose_secret().to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parted_from_what_opens_their_door() {
        let (addresses, access) = servers("nats://u:p%40ss@a:4222, nats://u:p%40ss@b:4223").unwrap();
        let shown: Vec<_> = addresses.iter().map(ServerAddr::as_url_str).collect();
        assert_eq!(shown, ["nats://a:4222", "nats://b:4223"]);
        assert!(
            matches!(&access, Access::Password(user, password) if user == "u" && password.expose_secret() == "p@ss")
        );
        let (addresses, access) = servers("tls://t0ken@a").unwrap();
        assert!(!format!("{addresses:?}").contains("t0ken"));
        assert!(matches!(&access, Access::Token(token) if token.expose_secret() == "t0ken"));
        assert!(matches!(servers("a:4222").unwrap().1, Access::Open));
        assert!(servers("http://u:p@a").is_err());
    }
}
