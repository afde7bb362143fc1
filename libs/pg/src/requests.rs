//! Requests that were answered before: AIP-155, DESIGN rule 5.
//!
//! A service looks its request up together with the resource, before etag and phase are judged, and inserts it in the
//! transaction of the write. A service may fold both into statements of its own; the table is `requests`.

use crate::{constraint, error};
use gongdan_errors::{Error, Reason};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use prost::Message;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

/// How long an answer is remembered.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

const CHUNK: i64 = 5_000;

/// Who asked what, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The principal's id.
    pub caller: String,
    /// The RPC's name, for example `AcceptTicket`.
    pub method: &'static str,
    /// The caller's id for the request.
    pub request_id: Uuid,
    /// [`hash_of`] the canonical request.
    pub hash: [u8; 32],
}

/// What an earlier request led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The resource it made or changed.
    pub resource_id: Uuid,
    /// The resource's version after it.
    pub version: i64,
}

/// SHA-256 of a request; the caller clears `request_id` and `etag` first, which a retry may have anew.
#[must_use]
pub fn hash_of(canonical: &impl Message) -> [u8; 32] {
    Sha256::digest(canonical.encode_to_vec()).into()
}

impl RequestKey {
    /// Compares a stored hash with this request's.
    ///
    /// # Errors
    /// ALREADY_EXISTS (REQUEST_ID_REUSED) when the id was used for another request.
    pub fn verify(&self, stored: &[u8]) -> Result<(), Error> {
        if stored == self.hash {
            return Ok(());
        }
        Err(Error::already_exists(Reason::RequestIdReused, "this request_id was used for another request")
            .with("request_id", self.request_id)
            .with("method", self.method))
    }
}

/// What this request led to when it came before; none when it is new.
///
/// # Errors
/// ALREADY_EXISTS when the id was used for another request; UNAVAILABLE, INTERNAL.
pub async fn lookup(connection: &mut PgConnection, key: &RequestKey) -> Result<Option<Answered>, Error> {
    let row = sqlx::query(
        "SELECT hash, resource_id, version FROM requests WHERE caller = $1 AND method = $2 AND request_id = $3",
    )
    .bind(&key.caller)
    .bind(key.method)
    .bind(key.request_id)
    .fetch_optional(connection)
    .await
    .map_err(error)?;
    let Some(row) = row else { return Ok(None) };
    key.verify(row.try_get::<&[u8], _>("hash").map_err(error)?)?;
    Ok(Some(Answered {
        resource_id: row.try_get("resource_id").map_err(error)?,
        version: row.try_get("version").map_err(error)?,
    }))
}

/// Remembers what this request led to, in the transaction of the write.
///
/// # Errors
/// ABORTED (WRITE_CONFLICT) when the same request is being answered at this moment; UNAVAILABLE, INTERNAL.
pub async fn insert(
    connection: &mut PgConnection,
    key: &RequestKey,
    answered: Answered,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO requests (caller, method, request_id, hash, resource_id, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&key.caller)
    .bind(key.method)
    .bind(key.request_id)
    .bind(key.hash.as_slice())
    .bind(answered.resource_id)
    .bind(answered.version)
    .bind(now.to_sqlx())
    .execute(connection)
    .await
    .map_err(conflict)?;
    Ok(())
}

/// Whether the write failed because the same request is being answered at this moment: look it up again.
#[must_use]
pub fn is_duplicate(error: &sqlx::Error) -> bool {
    constraint(error) == Some("requests_pkey")
}

fn conflict(source: sqlx::Error) -> Error {
    if is_duplicate(&source) {
        return Error::aborted(Reason::WriteConflict, "the same request is being answered: send it again")
            .because(source);
    }
    error(source)
}

/// Forgets requests older than [`RETENTION`], in small statements; says how many.
///
/// # Errors
/// When the database is away.
pub async fn forget_old(pool: &PgPool, now: Timestamp) -> Result<u64, sqlx::Error> {
    let before = now.saturating_sub(RETENTION).unwrap_or(Timestamp::MIN);
    let mut forgotten = 0;
    loop {
        let done = sqlx::query(
            "DELETE FROM requests WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM requests WHERE created_at < $1 LIMIT $2))",
        )
        .bind(before.to_sqlx())
        .bind(CHUNK)
        .execute(pool)
        .await?
        .rows_affected();
        forgotten += done;
        if done < CHUNK.unsigned_abs() {
            return Ok(forgotten);
        }
    }
}
