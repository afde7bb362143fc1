//! The bearer token this process calls others with.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};

/// A changed file is noticed after this time at the latest.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenSourceError {
    /// The file cannot be read.
    #[error("token file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What it holds fits no header.
    #[error("the token is empty or holds characters no token has")]
    NotAToken,
}

/// A token from a file, read again when the file changes, or a fixed one. Cheap to clone.
#[derive(Clone)]
pub struct TokenSource(Arc<Source>);

enum Source {
    Fixed(SecretString),
    File { path: PathBuf, read: Mutex<Option<Read>> },
}

struct Read {
    header: HeaderValue,
    looked: Instant,
}

impl TokenSource {
    /// A token that never changes.
    #[must_use]
    pub fn fixed(token: SecretString) -> Self {
        Self(Arc::new(Source::Fixed(token)))
    }

    /// The token in a file; read when first needed, and again when it changes.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self(Arc::new(Source::File { path, read: Mutex::new(None) }))
    }

    /// The `authorization` header for the next call.
    ///
    /// # Errors
    /// When the file cannot be read and never could.
    pub async fn authorization(&self) -> Result<HeaderValue, TokenSourceError> {
        match &*self.0 {
            Source::Fixed(token) => header(token.expose_secret()),
            Source::File { path, read } => {
                let mut read = read.lock().await;
                if let Some(known) = read.as_mut() {
                    if known.looked.elapsed() < LOOK_AGAIN {
                        return Ok(known.header.clone());
                    }
                    known.looked = Instant::now();
                } else {
                    gongdan_secret::warn_if_open(path);
                }
                match load(path).await {
                    Ok(header) => {
                        *read = Some(Read { header: header.clone(), looked: Instant::now() });
                        Ok(header)
                    }
                    Err(why) => match read.as_ref() {
                        Some(known) => {
                            tracing::warn!(error = %why, "token not read; the last one is used");
                            Ok(known.header.clone())
                        }
                        None => Err(why),
                    },
                }
            }
        }
    }
}

async fn load(path: &Path) -> Result<HeaderValue, TokenSourceError> {
    let failed = |source| TokenSourceError::File { path: path.to_owned(), source };
    header(&tokio::fs::read_to_string(path).await.map_err(failed)?)
}

fn header(token: &str) -> Result<HeaderValue, TokenSourceError> {
    let token = token.trim();
    if token.is_empty() {
        return Err(TokenSourceError::NotAToken);
    }
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| TokenSourceError::NotAToken)?;
    value.set_sensitive(true);
    Ok(value)
}
