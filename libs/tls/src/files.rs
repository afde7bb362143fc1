//! PEM files, and what is in them.

use crate::{TlsError, certificate::Certificate};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tokio_rustls::rustls::{
    self, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// The files of a section, as they were at one time.
pub(crate) struct Files {
    read: Vec<(PathBuf, Vec<u8>)>,
}

impl Files {
    /// Reads them all.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, TlsError> {
        let read = |path: &PathBuf| match std::fs::read(path) {
            Ok(bytes) => Ok((path.clone(), bytes)),
            Err(source) => Err(TlsError::File { path: path.clone(), source }),
        };
        Ok(Self { read: paths.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The same for the same contents, whatever the times of the files say.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for (_, bytes) in &self.read {
            digest.update(bytes.len().to_be_bytes());
            digest.update(bytes);
        }
        digest.finalize().into()
    }

    fn bytes(&self, path: &Path) -> &[u8] {
        self.read.iter().find(|(known, _)| known == path).map_or(&[], |(_, bytes)| bytes)
    }

    /// A certificate with those between it and its authority; refused when it is not good at `now`.
    pub(crate) fn chain(
        &self,
        path: &Path,
        now: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, Certificate), TlsError> {
        let chain = self.certificates(path)?;
        let leaf =
            chain.first().ok_or_else(|| nothing(path, "certificate", "it has no PEM section of one"))?;
        let certificate =
            Certificate::parse(leaf).map_err(|why| TlsError::Certificate { path: path.to_owned(), why })?;
        if now < certificate.from || certificate.until < now {
            let Certificate { from, until, .. } = certificate;
            return Err(TlsError::Validity { path: path.to_owned(), from, until, now });
        }
        Ok((chain, certificate))
    }

    /// A private key: PKCS#8, PKCS#1 or SEC1.
    pub(crate) fn key(&self, path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(self.bytes(path)).map_err(|why| nothing(path, "private key", why))
    }

    /// Authorities; each of the file must be usable, since one that is passed over is missed later.
    pub(crate) fn authorities(&self, path: &Path) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        for certificate in self.certificates(path)? {
            store.add(certificate).map_err(|source| unusable(path, source))?;
        }
        if store.is_empty() {
            return Err(nothing(path, "certificate", "it has no PEM section of one"));
        }
        Ok(store)
    }

    fn certificates(&self, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        CertificateDer::pem_slice_iter(self.bytes(path))
            .collect::<Result<_, _>>()
            .map_err(|why| nothing(path, "certificate", why))
    }
}

fn nothing(path: &Path, what: &'static str, why: impl std::fmt::Display) -> TlsError {
    TlsError::Pem { path: path.to_owned(), what, why: why.to_string() }
}

pub(crate) fn unusable(path: &Path, source: rustls::Error) -> TlsError {
    TlsError::Unusable { path: path.to_owned(), source }
}
