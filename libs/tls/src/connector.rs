//! Channels over TLS or plaintext, as their address says.

use crate::ClientTls;
use hyper_util::rt::TokioIo;
use std::{fmt, io};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFailed {
    /// The address is none.
    #[error("{0:?} is no address: write http://host:port or https://host:port")]
    Address(String),
    /// The network or the server refuses.
    #[error("no connection to {0}: {1}")]
    Tcp(Target, #[source] io::Error),
    /// TLS fails.
    #[error("TLS with {0} failed: {1}{hint}", hint = hint(.1))]
    Tls(Target, #[source] io::Error),
    /// The other end speaks TLS, but not for gRPC.
    #[error("{0} speaks TLS but not HTTP/2")]
    NotHttp2(Target),
}

/// A host and its port.
#[derive(Debug, Clone)]
pub struct Target {
    host: String,
    port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A channel to an endpoint that connects when first used, and again after a loss: over TLS where its address is
/// `https://…`, each new connection with what [`ClientTls`] then has; in plaintext where it is `http://…`.
///
/// # Errors
/// [`ConnectFailed::Address`] when the address is none.
pub fn connect(
    address: &str,
    tls: Option<&ClientTls>,
    tune: impl FnOnce(Endpoint) -> Endpoint,
) -> Result<Channel, ConnectFailed> {
    let no_address = || ConnectFailed::Address(address.to_owned());
    let uri: http::Uri = address.parse().map_err(|_| no_address())?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(no_address)?;
    let tls = match (uri.scheme_str(), tls) {
        (Some("http"), _) => {
            let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| no_address())?;
            return Ok(tune(endpoint).connect_lazy());
        }
        (Some("https"), Some(tls)) => tls.clone(),
        _ => return Err(no_address()),
    };
    let target = Target {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: uri.port_u16().unwrap_or(443),
    };
    let name = match tls.server_name() {
        Some(name) => name.clone(),
        None => ServerName::try_from(target.host.clone()).map_err(|_| no_address())?,
    };
    // The connector of ours does the TLS, so the library is told of none; calls still say where they believe to be.
    let endpoint = Endpoint::from_shared(format!("http://{target}")).map_err(|_| no_address())?;
    let connector = service_fn(move |_: http::Uri| shake_hands(target.clone(), name.clone(), tls.clone()));
    Ok(tune(endpoint.origin(uri)).connect_with_connector_lazy(connector))
}

async fn shake_hands(
    target: Target,
    name: ServerName<'static>,
    tls: ClientTls,
) -> Result<TokioIo<TlsStream<TcpStream>>, ConnectFailed> {
    let tcp = match TcpStream::connect((target.host.as_str(), target.port)).await {
        Ok(tcp) => tcp,
        Err(why) => return Err(ConnectFailed::Tcp(target, why)),
    };
    // Small messages must not wait for more; where it cannot be set they only come later.
    let _ = tcp.set_nodelay(true);
    let stream = match TlsConnector::from(tls.config()).connect(name, tcp).await {
        Ok(stream) => stream,
        Err(why) => return Err(ConnectFailed::Tls(target, why)),
    };
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(ConnectFailed::NotHttp2(target));
    }
    Ok(TokioIo::new(stream))
}

/// What to look at, for the two that are met most.
fn hint(error: &io::Error) -> &'static str {
    use tokio_rustls::rustls::{CertificateError, Error};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            " (its certificate is of an authority that is not trusted here)"
        }
        Some(Error::InvalidMessage(_)) => " (does it speak TLS?)",
        _ => "",
    }
}
