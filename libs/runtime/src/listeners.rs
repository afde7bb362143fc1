//! The sockets of a service, bound before it starts so that the caller knows their ports.

use crate::ServerConfig;
use anyhow::Context;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The sockets of a service.
#[derive(Debug)]
pub struct Listeners {
    /// gRPC, gRPC-Web, health, reflection.
    pub grpc: TcpListener,
    /// `/metrics`, `/healthz`, `/readyz`.
    pub metrics: Option<TcpListener>,
}

impl Listeners {
    /// Binds what the configuration names.
    ///
    /// # Errors
    /// When an address cannot be bound; the message names it.
    pub async fn bind(config: &ServerConfig) -> anyhow::Result<Self> {
        let grpc = bind(&config.listen).await.context("server.listen")?;
        let metrics = match config.metrics_listen.as_str() {
            "" => None,
            address => Some(bind(address).await.context("server.metrics_listen")?),
        };
        Ok(Self { grpc, metrics })
    }

    /// On free ports of this machine, for tests.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn free() -> anyhow::Result<Self> {
        Ok(Self { grpc: bind("127.0.0.1:0").await?, metrics: Some(bind("127.0.0.1:0").await?) })
    }

    /// Where gRPC listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn grpc_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.grpc.local_addr()?)
    }

    /// Where HTTP listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn metrics_address(&self) -> anyhow::Result<Option<SocketAddr>> {
        Ok(self.metrics.as_ref().map(TcpListener::local_addr).transpose()?)
    }
}

async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
