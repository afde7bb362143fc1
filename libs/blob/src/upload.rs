//! A file on its way into the store.

use crate::{
    media::{Allowed, Sniffer, canonical},
    store::{Store, StoreError},
};
use bytes::{Bytes, BytesMut};
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload, path::Path as Key};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What a sender says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// Empty: whatever it is.
    pub media_type: String,
    /// Bytes.
    pub size: Option<u64>,
    /// The hash.
    pub sha256: Option<[u8; 32]>,
}

/// What is taken.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes at most.
    pub max_bytes: u64,
    /// Kinds.
    pub allowed: Arc<Allowed>,
}

/// A file that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// The hash.
    pub sha256: [u8; 32],
    /// What it is.
    pub media_type: String,
}

/// The file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is bigger than allowed.
    #[error("the file is bigger than {max} bytes")]
    TooBig {
        /// Allowed.
        max: u64,
    },
    /// Fewer or more bytes came than were said.
    #[error("{got} bytes came where {claimed} were announced")]
    Size {
        /// Said.
        claimed: u64,
        /// Came.
        got: u64,
    },
    /// Its hash is another one.
    #[error("the SHA-256 of what came is {got}")]
    Hash {
        /// Of what came, in hex.
        got: String,
    },
    /// Files of its kind are not taken.
    #[error("{kind} is not taken")]
    Kind {
        /// What it is.
        kind: String,
    },
    /// It is something else than was said.
    #[error("the file is {kind}, not {claimed}")]
    OtherKind {
        /// Said.
        claimed: String,
        /// What it is.
        kind: String,
    },
}

/// An upload came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The file is not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<object_store::Error> for UploadError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A file being written. Dropped before it is finished, it leaves nothing.
pub struct Upload {
    store: Store,
    key: Key,
    claim: Claim,
    limits: Limits,
    size: u64,
    hash: Sha256,
    sniffer: Sniffer,
    /// Not written yet.
    buffer: BytesMut,
    /// A file of one part needs none.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    pub(crate) fn new(store: Store, key: Key, mut claim: Claim, limits: Limits) -> Self {
        claim.media_type = canonical(&claim.media_type);
        Self {
            store,
            key,
            claim,
            limits,
            size: 0,
            hash: Sha256::new(),
            sniffer: Sniffer::default(),
            buffer: BytesMut::new(),
            parts: None,
        }
    }

    /// What can be judged before the first byte.
    ///
    /// # Errors
    /// What is said is refused already.
    pub fn judge_claim(&self) -> Result<(), Refused> {
        let max = self.limits.max_bytes;
        match self.claim.size {
            Some(0) => return Err(Refused::Empty),
            Some(size) if size > max => return Err(Refused::TooBig { max }),
            _ => {}
        }
        let claimed = &self.claim.media_type;
        if !claimed.is_empty() && !self.limits.allowed.has(claimed) {
            return Err(Refused::Kind { kind: claimed.clone() });
        }
        Ok(())
    }

    /// More bytes.
    ///
    /// # Errors
    /// When it becomes too big, or the store fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), UploadError> {
        self.size += bytes.len() as u64;
        if self.size > self.limits.max_bytes {
            return Err(Refused::TooBig { max: self.limits.max_bytes }.into());
        }
        if let Some(claimed) = self.claim.size
            && self.size > claimed
        {
            return Err(Refused::Size { claimed, got: self.size }.into());
        }
        self.hash.update(&bytes);
        self.sniffer.feed(&bytes);
        self.buffer.extend_from_slice(&bytes);
        while self.buffer.len() > self.store.part {
            let part = self.buffer.split_to(self.store.part).freeze();
            self.put(part).await?;
        }
        Ok(())
    }

    async fn put(&mut self, part: Bytes) -> Result<(), UploadError> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => self.parts.insert(self.store.inner.put_multipart(&self.key).await?),
        };
        parts.put_part(PutPayload::from_bytes(part)).await?;
        Ok(())
    }

    /// Judges what came; the file is there when this says so.
    ///
    /// # Errors
    /// When it is empty, not as it was claimed, of a kind that is not taken, or the store fails. Then there is no file.
    pub async fn finish(mut self) -> Result<Stored, UploadError> {
        let stored = self.judge()?;
        let rest = self.buffer.split().freeze();
        if self.parts.is_none() {
            self.store.inner.put(&self.key, PutPayload::from_bytes(rest)).await?;
            return Ok(stored);
        }
        if !rest.is_empty() {
            self.put(rest).await?;
        }
        if let Some(parts) = &mut self.parts {
            parts.complete().await?;
            self.parts = None;
        }
        Ok(stored)
    }

    fn judge(&self) -> Result<Stored, Refused> {
        if self.size == 0 {
            return Err(Refused::Empty);
        }
        if let Some(claimed) = self.claim.size
            && claimed != self.size
        {
            return Err(Refused::Size { claimed, got: self.size });
        }
        let sha256 = <[u8; 32]>::from(self.hash.clone().finalize());
        if self.claim.sha256.is_some_and(|claimed| claimed != sha256) {
            return Err(Refused::Hash { got: hex::encode(sha256) });
        }
        let (claimed, kind) = (&self.claim.media_type, self.sniffer.kind(&self.claim.media_type));
        if !claimed.is_empty() && *claimed != kind {
            return Err(Refused::OtherKind { claimed: claimed.clone(), kind });
        }
        if !self.limits.allowed.has(&kind) {
            return Err(Refused::Kind { kind });
        }
        Ok(Stored { size: self.size, sha256, media_type: kind })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(mut parts) = self.parts.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let key = self.key.clone();
        runtime.spawn(async move {
            if let Err(error) = parts.abort().await {
                tracing::warn!(%key, %error, "parts of an upload that was cut off are left in the store");
            }
        });
    }
}
