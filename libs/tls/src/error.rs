//! Why a TLS section cannot work.

use jiff::Timestamp;
use std::path::PathBuf;
use tokio_rustls::rustls;

/// Why a TLS section, or the files it names, cannot work.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One key without the other.
    #[error("{given} is set and {missing} is not")]
    Incomplete {
        /// The key that is set.
        given: &'static str,
        /// The key that it needs.
        missing: &'static str,
    },
    /// A key that would do nothing.
    #[error("{key} is set, but client_auth is \"none\": make it \"optional\" or \"required\"")]
    Idle {
        /// The key.
        key: &'static str,
    },
    /// No name.
    #[error("server_name {0:?} is neither a DNS name nor an address")]
    ServerName(String),
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no PEM, or holds none of what is looked for.
    #[error("{path} holds no {what}: {why}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is looked for.
        what: &'static str,
        /// What was found instead.
        why: String,
    },
    /// The certificate cannot be read.
    #[error("{path}: the certificate cannot be read: {why}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The certificate is not good at this time.
    #[error("{path}: the certificate is good from {from} to {until}, and it is {now}")]
    Validity {
        /// The file.
        path: PathBuf,
        /// Its first second.
        from: Timestamp,
        /// Its last second.
        until: Timestamp,
        /// The time it was judged at.
        now: Timestamp,
    },
    /// Key and certificate are no pair, or rustls will not have them.
    #[error("{path}: {source}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
    /// Authorities that nothing can be verified with.
    #[error("{path}: no authority that can be used: {why}")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The system has no authorities.
    #[error("the system has no certificate authorities that can be read{0}; name a file")]
    NoSystemAuthorities(String),
}
