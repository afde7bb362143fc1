//! What a server shows, and what it asks of those who connect.

use crate::{
    ClientAuth, ServerTlsConfig, TlsError,
    files::{Files, unusable},
    live::{Live, Made},
    provider,
};
use jiff::Timestamp;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        server::{NoServerSessionStorage, WebPkiClientVerifier},
    },
};

/// What a server listens with. Cheap to clone; follows its files.
#[derive(Clone)]
pub struct ServerTls {
    config: Live<ServerConfig>,
    client_auth: ClientAuth,
}

impl ServerTls {
    /// None when the section is empty: plaintext. To be called within the runtime, which then looks at the files.
    ///
    /// # Errors
    /// When keys of the section are missing, or the files are no good.
    pub fn new(config: &ServerTlsConfig) -> Result<Option<Self>, TlsError> {
        if let Some(error) = contradiction(config) {
            return Err(error);
        }
        if config.cert_file.is_empty() {
            return Ok(None);
        }
        let files = Named {
            certificate: PathBuf::from(&config.cert_file),
            key: PathBuf::from(&config.key_file),
            authorities: PathBuf::from(&config.client_ca_file),
            client_auth: config.client_auth,
        };
        let mut paths = vec![files.certificate.clone(), files.key.clone()];
        if config.client_auth != ClientAuth::None {
            paths.push(files.authorities.clone());
        }
        let build = Box::new(move |read: &Files, now| files.build(read, now));
        let live = Live::start("server", paths, config.reload_interval, build)?;
        Ok(Some(Self { config: live, client_auth: config.client_auth }))
    }

    /// Whether clients show a certificate.
    #[must_use]
    pub fn client_auth(&self) -> ClientAuth {
        self.client_auth
    }

    /// For the next handshake.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.current())
    }
}

fn contradiction(config: &ServerTlsConfig) -> Option<TlsError> {
    let incomplete = |given, missing| Some(TlsError::Incomplete { given, missing });
    let asks = config.client_auth != ClientAuth::None;
    match (config.cert_file.is_empty(), config.key_file.is_empty(), config.client_ca_file.is_empty()) {
        (false, true, _) => incomplete("cert_file", "key_file"),
        (true, false, _) => incomplete("key_file", "cert_file"),
        (true, _, false) => incomplete("client_ca_file", "cert_file"),
        (true, true, true) if asks => incomplete("client_auth", "cert_file"),
        (false, false, true) if asks => incomplete("client_auth", "client_ca_file"),
        (false, false, false) if !asks => Some(TlsError::Idle { key: "client_ca_file" }),
        _ => None,
    }
}

struct Named {
    certificate: PathBuf,
    key: PathBuf,
    authorities: PathBuf,
    client_auth: ClientAuth,
}

impl Named {
    fn build(&self, files: &Files, now: Timestamp) -> Result<Made<ServerConfig>, TlsError> {
        let (chain, certificate) = files.chain(&self.certificate, now)?;
        let key = files.key(&self.key)?;
        let unusable = |source| unusable(&self.certificate, source);
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let builder = match self.client_auth {
            ClientAuth::None => builder.with_no_client_auth(),
            asks => {
                let authorities = Arc::new(files.authorities(&self.authorities)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider());
                let verifier =
                    if asks == ClientAuth::Optional { verifier.allow_unauthenticated() } else { verifier };
                builder
                    .with_client_cert_verifier(verifier.build().map_err(|e| no_use(&self.authorities, &e))?)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if self.client_auth != ClientAuth::None {
            // A resumed session is not asked for its certificate again; one that has ended since would pass.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Made { value: config, until: Some(certificate.until) })
    }
}

fn no_use(path: &Path, why: &impl std::fmt::Display) -> TlsError {
    TlsError::Authorities { path: path.to_owned(), why: why.to_string() }
}
