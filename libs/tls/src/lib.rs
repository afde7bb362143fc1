//! TLS between services and with clients, on rustls.
//!
//! - [`ServerTls`] and [`Incoming`]: what a server listens with; the other end of each connection is a [`Remote`], with
//!   the names of its certificate when it showed one that is good.
//! - [`ClientTls`] and [`connect`]: what a channel connects with.
//!
//! Certificates, keys and authorities are files, read again when they change: new handshakes use the new ones, running
//! connections go on, and files that are no good leave the earlier ones in place.

mod certificate;
mod client;
mod config;
mod connector;
mod error;
mod files;
mod incoming;
mod live;
mod remote;
mod server;
#[cfg(feature = "testing")]
pub mod testing;

pub use client::ClientTls;
pub use config::{ClientAuth, ClientTlsConfig, ServerTlsConfig};
pub use connector::{ConnectFailed, connect};
pub use error::TlsError;
pub use incoming::{Connection, Incoming};
pub use remote::Remote;
pub use server::ServerTls;

use std::sync::Arc;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};

/// One for all, whatever a library in the tree may have installed.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
