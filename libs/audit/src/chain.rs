//! The two formulas of the chain. The database has the second one too, in `audit.append_at`.

use gongdan_proto::common::v1::AuditEntry;
use jiff::Timestamp;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// What stands before the first entry.
pub const GENESIS: [u8; 32] = [0; 32];

/// SHA-256 of an entry as the contract's message encodes it.
#[must_use]
pub fn digest(entry: &AuditEntry) -> [u8; 32] {
    Sha256::digest(entry.encode_to_vec()).into()
}

/// The hash of an entry in its place: over the hash before it, number, instant and digest.
#[must_use]
pub fn link(previous: &[u8; 32], number: i64, recorded_at: Timestamp, digest: &[u8; 32]) -> [u8; 32] {
    Sha256::new()
        .chain_update(previous)
        .chain_update(number.to_be_bytes())
        .chain_update(recorded_at.as_microsecond().to_be_bytes())
        .chain_update(digest)
        .finalize()
        .into()
}
