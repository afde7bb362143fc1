//! Whom a client trusts, and what it shows.

use crate::{
    ClientTlsConfig, TlsError,
    files::{Files, unusable},
    live::{Live, Made},
    provider,
};
use jiff::Timestamp;
use std::{path::PathBuf, sync::Arc};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, client::Resumption, pki_types::ServerName};

/// What channels connect with. Cheap to clone; follows its files.
#[derive(Clone)]
pub struct ClientTls {
    config: Live<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// To be called within the runtime, which then looks at the files.
    ///
    /// # Errors
    /// When keys of the section are missing, or the files are no good.
    pub fn new(config: &ClientTlsConfig) -> Result<Self, TlsError> {
        match (config.cert_file.is_empty(), config.key_file.is_empty()) {
            (false, true) => return Err(TlsError::Incomplete { given: "cert_file", missing: "key_file" }),
            (true, false) => return Err(TlsError::Incomplete { given: "key_file", missing: "cert_file" }),
            _ => {}
        }
        let server_name = match config.server_name.as_str() {
            "" => None,
            name => Some(
                ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName(name.to_owned()))?,
            ),
        };
        let path = |file: &str| (!file.is_empty()).then(|| PathBuf::from(file));
        let files = Named {
            authorities: path(&config.ca_file),
            certificate: path(&config.cert_file).zip(path(&config.key_file)),
        };
        let mut paths: Vec<PathBuf> = files.authorities.iter().cloned().collect();
        if let Some((certificate, key)) = &files.certificate {
            paths.extend([certificate.clone(), key.clone()]);
        }
        let build = Box::new(move |read: &Files, now| files.build(read, now));
        Ok(Self { config: Live::start("client", paths, config.reload_interval, build)?, server_name })
    }

    /// For the next handshake.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        self.config.current()
    }

    /// The name that the certificate must have, where it is not the host's.
    pub(crate) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }
}

struct Named {
    authorities: Option<PathBuf>,
    certificate: Option<(PathBuf, PathBuf)>,
}

impl Named {
    fn build(&self, files: &Files, now: Timestamp) -> Result<Made<ClientConfig>, TlsError> {
        let authorities = match &self.authorities {
            Some(path) => files.authorities(path)?,
            None => of_the_system()?,
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|source| unusable(self.authorities.as_deref().unwrap_or("".as_ref()), source))?
            .with_root_certificates(authorities);
        let (mut config, until) = match &self.certificate {
            None => (builder.with_no_client_auth(), None),
            Some((certificate, key)) => {
                let (chain, read) = files.chain(certificate, now)?;
                let config = builder
                    .with_client_auth_cert(chain, files.key(key)?)
                    .map_err(|source| unusable(certificate, source))?;
                (config, Some(read.until))
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        // Connections last; each new one is judged anew.
        config.resumption = Resumption::disabled();
        Ok(Made { value: config, until })
    }
}

fn of_the_system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(TlsError::NoSystemAuthorities(why));
    }
    Ok(store)
}
