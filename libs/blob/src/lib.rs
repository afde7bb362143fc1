//! Files in an object store: a local folder, or S3 and what speaks its protocol.
//!
//! A file is written by [`Store::upload`] and is there only when it is whole and as it was claimed; whatever else happens
//! leaves nothing. What kind of file it is, is read from its bytes ([`media`]), and its SHA-256 is taken on the way.

pub mod media;
mod store;
mod upload;

pub use store::{Download, Store, StoreError, Wanted};
pub use upload::{Claim, Limits, Refused, Stored, Upload, UploadError};
