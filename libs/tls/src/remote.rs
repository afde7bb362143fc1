//! The other end of a connection.

use std::{net::SocketAddr, sync::Arc};

/// The other end of a connection; stands in the extensions of each request that came over it.
#[derive(Debug, Clone, Default)]
pub struct Remote {
    address: Option<SocketAddr>,
    local: Option<SocketAddr>,
    names: Option<Arc<[String]>>,
}

impl Remote {
    /// One without a certificate.
    #[must_use]
    pub fn new(address: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self { address, local, names: None }
    }

    /// The same with the names of its certificate, which has been verified.
    #[must_use]
    pub fn with_names(self, names: impl Into<Arc<[String]>>) -> Self {
        Self { names: Some(names.into()), ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where it reached us.
    #[must_use]
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.local
    }

    /// The names of its certificate: DNS names and URIs of the subjectAltName, and common names. None when it showed
    /// no certificate; one that was not good does not get this far.
    #[must_use]
    pub fn certificate_names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }
}
