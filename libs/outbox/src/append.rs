//! Appending to the event log, in the transaction of the change.

use gongdan_bus::Origin;
use gongdan_errors::Error;
use gongdan_telemetry::{current_traceparent, sql_span};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use std::{borrow::Cow, cell::Cell};
use tracing::Instrument as _;
use uuid::Uuid;

/// The largest payload, in bytes; the bus takes a message of one mebibyte with its headers.
pub const MAX_PAYLOAD: usize = 768 * 1024;

/// A fact to be written down.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// UUIDv7, from `gongdan_clock::new_id`.
    pub id: Uuid,
    /// The aggregate it belongs to.
    pub aggregate_id: Uuid,
    /// The aggregate's version after it: +1 per event, from 1, without gaps, also within one act.
    pub version: i64,
    /// Short type: `submitted`, the name of the payload's change.
    pub kind: Cow<'static, str>,
    /// From `gongdan_bus::subject`.
    pub subject: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Now.
    pub recorded_at: Timestamp,
    /// Live or import.
    pub origin: Origin,
    /// The encoded protobuf message.
    pub payload: Vec<u8>,
}

tokio::task_local! {
    /// Whether something was appended within.
    static APPENDED: Cell<bool>;
}

/// Whether `inner` appended events, beside what it gives.
pub(crate) async fn watched<T>(inner: impl Future<Output = T>) -> (T, bool) {
    let watched = async {
        let output = inner.await;
        (output, APPENDED.with(Cell::get))
    };
    APPENDED.scope(Cell::new(false), watched).await
}

/// Writes events down, in their order, with one statement. They reach the bus after the transaction commits; wake the
/// relay then. The current trace goes with them.
///
/// # Errors
/// UNAVAILABLE when the database is away; INTERNAL for a payload above [`MAX_PAYLOAD`] or a refused row.
pub async fn append(connection: &mut PgConnection, events: &[NewEvent]) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    if let Some(large) = events.iter().find(|event| event.payload.len() > MAX_PAYLOAD) {
        return Err(Error::internal(format!("event {} has {} bytes", large.kind, large.payload.len())));
    }
    let column = |of: fn(&NewEvent) -> Uuid| events.iter().map(of).collect::<Vec<_>>();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_ref()).collect();
    let subjects: Vec<&str> = events.iter().map(|event| event.subject.as_str()).collect();
    let payloads: Vec<&[u8]> = events.iter().map(|event| event.payload.as_slice()).collect();
    sqlx::query(
        "INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                             payload, traceparent)
         SELECT e.*, $10 FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[],
                                     $7::timestamptz[], $8::smallint[], $9::bytea[]) AS e",
    )
    .bind(column(|event| event.id))
    .bind(column(|event| event.aggregate_id))
    .bind(events.iter().map(|event| event.version).collect::<Vec<_>>())
    .bind(kinds)
    .bind(subjects)
    .bind(events.iter().map(|event| event.occurred_at.to_sqlx()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.recorded_at.to_sqlx()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.origin.as_i16()).collect::<Vec<_>>())
    .bind(payloads)
    .bind(current_traceparent())
    .execute(connection)
    .instrument(sql_span!("events.append", "INSERT"))
    .await
    .map_err(gongdan_pg::error)?;
    // Outside a handler nobody asks.
    let _ = APPENDED.try_with(|appended| appended.set(true));
    Ok(())
}
