//! What changes of a schedule have in common.

use super::super::{Rooms, decode};
use crate::{
    jobs::schedules,
    store::schedules::{self as table, ScheduleRow},
};
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::requests::{RequestKey, hash_of};
use gongdan_sla_domain::is_key;
use jiff::Timestamp;
use prost::Message;
use sqlx::PgConnection;

/// Which schedule is to be changed, and the guard.
pub(super) struct Named {
    pub request: RequestKey,
    pub key: String,
    pub etag: Option<i64>,
}

impl Named {
    /// Reads a request that names a schedule; `canonical` is it without `request_id` and `etag`.
    pub fn decode(
        (caller, method): (&str, &'static str),
        (request_id, key, etag): (&str, &str, &str),
        canonical: &impl Message,
    ) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let request_id = decode::request_id(request_id, &mut violations);
        check_key(key, &mut violations);
        let Some(request_id) = request_id.filter(|_| violations.is_empty()) else {
            return Err(violations.into_error());
        };
        let request = RequestKey { caller: caller.to_owned(), method, request_id, hash: hash_of(canonical) };
        Ok(Self { request, key: key.to_owned(), etag: decode::etag(etag) })
    }
}

/// Whether it is the key of a schedule.
pub(super) fn check_key(key: &str, violations: &mut Violations) {
    if !is_key(key) {
        violations.add("key", "the key of a schedule");
    }
}

/// NOT_FOUND.
pub(super) fn not_found(key: &str) -> Error {
    Error::not_found(Reason::ScheduleNotFound, "no such schedule").with("schedule", key)
}

/// ABORTED unless the schedule is as it was read.
pub(super) fn guard(row: &ScheduleRow, etag: Option<i64>) -> Result<(), Error> {
    if etag.is_none_or(|etag| etag == row.version) {
        return Ok(());
    }
    Err(Error::aborted(Reason::EtagMismatch, "the schedule changed since it was read: read it again"))
}

/// One that is there.
pub(super) async fn found(connection: &mut PgConnection, key: &str) -> Result<ScheduleRow, Error> {
    table::get(connection, key).await.map_err(gongdan_pg::error)?.ok_or_else(|| not_found(key))
}

/// One that is there, until the transaction ends.
pub(super) async fn locked(connection: &mut PgConnection, key: &str) -> Result<ScheduleRow, Error> {
    table::lock(connection, key).await.map_err(gongdan_pg::error)?.ok_or_else(|| not_found(key))
}

/// What has come is taken on before the schedule is another: it is not lost.
pub(super) async fn take_on(
    rooms: &Rooms,
    connection: &mut PgConnection,
    row: &mut ScheduleRow,
    now: Timestamp,
) -> Result<(), Error> {
    if row.next().is_none_or(|next| next > now) {
        return Ok(());
    }
    let with = (&rooms.terms, &rooms.schedules.config, &rooms.schedules.metrics);
    schedules::claim(connection, with, row, now).await.map(|_| ())
}

/// After the commit: the jobs look.
pub(super) fn look(rooms: &Rooms, row: &ScheduleRow, now: Timestamp) {
    if let Some(next) = row.next() {
        rooms.schedules.due.ring_if_before(next);
    }
    rooms.schedules.waiting.ring_if_before(now);
    rooms.schedules.relay.wake();
}
