//! Where files are.

use crate::upload::{Claim, Limits, Upload};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path as Key,
    prefix::PrefixStore,
};
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use url::Url;

/// Something is wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is not one of a store.
    #[error("{url}: {why}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The folder cannot be made or used.
    #[error("{}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such file.
    #[error("there is no {0}")]
    NotFound(String),
    /// What came out is not what went in.
    #[error("{0} is not what was stored")]
    Damaged(String),
    /// The store does not do what it should.
    #[error(transparent)]
    Store(#[from] object_store::Error),
}

/// Smallest part that S3 takes, other than the last.
const S3_PART: usize = 5 * 1024 * 1024;
/// A local file is written in pieces of this size.
const LOCAL_PART: usize = 256 * 1024;

/// A store of files.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<dyn ObjectStore>,
    /// The folder, if it is one.
    folder: Option<PathBuf>,
    pub(crate) part: usize,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.inner.to_string()).finish()
    }
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The size of the whole file, as it was stored.
    pub size: u64,
    /// The first byte.
    pub offset: u64,
    /// How many at most; none: to the end.
    pub length: Option<u64>,
    /// The hash of the whole file: told when all of it is read and is something else.
    pub sha256: Option<[u8; 32]>,
}

impl Store {
    /// A local folder, made for the owner alone if it is not there. What is written is on disk before it is said to be.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { path: path.to_owned(), source };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(failed)?;
        let folder = path.canonicalize().map_err(failed)?;
        let inner = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
        Ok(Self { inner: Arc::new(inner), folder: Some(folder), part: LOCAL_PART })
    }

    /// The store of a URL: `file:///folder`, or `s3://bucket/prefix` with options as S3 clients call them
    /// (`endpoint`, `region`, `access_key_id`, `secret_access_key`, `allow_http`, …). What is not given is taken from the
    /// environment (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, a web identity, …).
    ///
    /// # Errors
    /// When it is none, or an option is unknown.
    pub fn open<'a>(
        url: &str,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, StoreError> {
        let wrong = |why: String| StoreError::Url { url: url.to_owned(), why };
        let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        match parsed.scheme() {
            "file" => {
                let path = parsed.to_file_path().map_err(|()| wrong("not a path of this machine".into()))?;
                Self::folder(&path)
            }
            "s3" => s3(&parsed, options).map_err(|why| match why {
                StoreError::Url { why, .. } => wrong(why),
                other => other,
            }),
            _ => Err(wrong("expected file:///folder or s3://bucket/prefix".into())),
        }
    }

    /// Begins a file. It is there when [`Upload::finish`] says so.
    #[must_use]
    pub fn upload(&self, key: &str, claim: Claim, limits: Limits) -> Upload {
        Upload::new(self.clone(), Key::from(key), claim, limits)
    }

    /// Reads a file or a piece of it.
    ///
    /// # Errors
    /// When it is not there or the store fails.
    pub async fn download(&self, key: &str, wanted: Wanted) -> Result<Download, StoreError> {
        let left = wanted.size.saturating_sub(wanted.offset);
        let length = wanted.length.map_or(left, |length| length.min(left));
        let whole = length == wanted.size;
        let bytes = if length == 0 {
            futures::stream::empty().boxed()
        } else {
            let range = GetRange::Bounded(wanted.offset..wanted.offset + length);
            let options = GetOptions { range: Some(range), ..GetOptions::default() };
            let result =
                self.inner.get_opts(&Key::from(key), options).await.map_err(|error| named(key, error))?;
            if result.meta.size != wanted.size {
                return Err(StoreError::Damaged(key.to_owned()));
            }
            result.into_stream()
        };
        let check = wanted.sha256.filter(|_| whole).map(|hash| (hash, Sha256::new()));
        Ok(Download { key: key.to_owned(), length, bytes, check })
    }

    /// Removes a file and what an upload that was killed left of it. No file is fine.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self.inner.delete(&Key::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.sweep(key).await
    }

    /// Removes what a killed process had written of a file: the store names these beside it, with `#`.
    async fn sweep(&self, key: &str) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(Key::from(key).as_ref());
        let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else { return Ok(()) };
        let staged = format!("{}#", name.to_string_lossy());
        let failed = |source| StoreError::Folder { path: parent.to_owned(), source };
        let mut entries = match tokio::fs::read_dir(parent).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        while let Some(entry) = entries.next_entry().await.map_err(failed)? {
            if entry.file_name().to_string_lossy().starts_with(&staged) {
                tokio::fs::remove_file(entry.path()).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The keys of all files, for those who check that nothing is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let mut list = self.inner.list(None);
        let mut keys = Vec::new();
        while let Some(meta) = list.next().await {
            keys.push(meta?.location.to_string());
        }
        Ok(keys)
    }
}

#[cfg(feature = "aws")]
fn s3<'a>(url: &Url, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Store, StoreError> {
    use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
    let wrong = |why: String| StoreError::Url { url: url.to_string(), why };
    let retry = object_store::RetryConfig {
        max_retries: 3,
        retry_timeout: std::time::Duration::from_secs(20),
        ..object_store::RetryConfig::default()
    };
    let bucket = url.host_str().ok_or_else(|| wrong("a bucket is missing".into()))?;
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
    for (name, value) in options {
        let key: AmazonS3ConfigKey =
            name.to_ascii_lowercase().parse().map_err(|_| wrong(format!("unknown option {name}")))?;
        builder = builder.with_config(key, value);
    }
    let prefix = Key::from_url_path(url.path()).map_err(|error| wrong(error.to_string()))?;
    let inner = PrefixStore::new(builder.build()?, prefix);
    Ok(Store { inner: Arc::new(inner), folder: None, part: S3_PART })
}

#[cfg(not(feature = "aws"))]
fn s3<'a>(url: &Url, _: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Store, StoreError> {
    let _ = (S3_PART, std::any::type_name::<PrefixStore<LocalFileSystem>>());
    Err(StoreError::Url { url: url.to_string(), why: "this build has no S3 (feature `s3`)".into() })
}

pub(crate) fn named(key: &str, error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::NotFound(key.to_owned()),
        error => StoreError::Store(error),
    }
}

/// A file or a piece of it, as it comes.
pub struct Download {
    key: String,
    length: u64,
    bytes: BoxStream<'static, object_store::Result<Bytes>>,
    check: Option<([u8; 32], Sha256)>,
}

impl Download {
    /// Bytes that will come.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }
}

impl Stream for Download {
    type Item = Result<Bytes, StoreError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match futures::ready!(self.bytes.poll_next_unpin(cx)) {
            Some(Ok(bytes)) => {
                if let Some((_, hash)) = &mut self.check {
                    hash.update(&bytes);
                }
                Poll::Ready(Some(Ok(bytes)))
            }
            Some(Err(error)) => {
                self.check = None;
                Poll::Ready(Some(Err(StoreError::Store(error))))
            }
            None => {
                let damaged =
                    self.check.take().is_some_and(|(expected, hash)| hash.finalize()[..] != expected);
                Poll::Ready(damaged.then(|| Err(StoreError::Damaged(self.key.clone()))))
            }
        }
    }
}
