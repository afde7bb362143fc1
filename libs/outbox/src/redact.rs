//! Taking what is personal out of events that were written: out of the log at once, off the bus soon after.
//!
//! Ids, versions and times stay, so that nobody who counts them misses one. Source: DESIGN rule 15, X11.

use gongdan_bus::{Bus, Sent};
use gongdan_clock::SharedClock;
use gongdan_errors::Error;
use gongdan_telemetry::sql_span;
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{PgConnection, PgPool, Row as _};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

/// Between two looks for what is to be taken off the bus.
const EVERY: Duration = Duration::from_secs(5);
/// Events taken off the bus at once.
const CHUNK: i64 = 500;

/// Rewrites the events of these aggregates, in the transaction that erases; answers how many changed. `rewrite` gets type
/// and payload, and gives the payload that stays, or none to leave it.
///
/// # Errors
/// UNAVAILABLE when the database is away; what `rewrite` answers.
pub async fn redact(
    connection: &mut PgConnection,
    aggregates: &[Uuid],
    rewrite: impl Fn(&str, &[u8]) -> Result<Option<Vec<u8>>, Error>,
) -> Result<u64, Error> {
    let rows = sqlx::query(
        "SELECT event_id, aggregate_id, version, type, payload FROM events WHERE aggregate_id = ANY ($1)",
    )
    .bind(aggregates)
    .fetch_all(&mut *connection)
    .instrument(sql_span!("events.to_redact", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    let (mut ids, mut owners, mut versions, mut payloads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let kind: &str = row.try_get("type").map_err(gongdan_pg::error)?;
        let payload: &[u8] = row.try_get("payload").map_err(gongdan_pg::error)?;
        if let Some(payload) = rewrite(kind, payload)? {
            ids.push(row.try_get::<Uuid, _>("event_id").map_err(gongdan_pg::error)?);
            owners.push(row.try_get::<Uuid, _>("aggregate_id").map_err(gongdan_pg::error)?);
            versions.push(row.try_get::<i64, _>("version").map_err(gongdan_pg::error)?);
            payloads.push(payload);
        }
    }
    if ids.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(
        "WITH redacted AS (
             UPDATE events e SET payload = n.payload
             FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bytea[]) AS n (event_id, aggregate_id, version, payload)
             WHERE e.aggregate_id = n.aggregate_id AND e.version = n.version AND e.event_id = n.event_id
             RETURNING e.event_id, e.txid, e.position, e.subject, e.recorded_at)
         INSERT INTO outbox_scrubs (event_id, txid, position, subject, recorded_at)
         SELECT event_id, txid, position, subject, recorded_at FROM redacted
         ON CONFLICT DO NOTHING",
    )
    .bind(&ids)
    .bind(&owners)
    .bind(&versions)
    .bind(&payloads)
    .execute(connection)
    .instrument(sql_span!("events.redact", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(done.rows_affected())
}

/// Takes redacted events of `source` off the bus until `shutdown`; replicas may run it side by side.
pub async fn scrub(
    pool: PgPool,
    bus: Bus,
    source: &'static str,
    clock: SharedClock,
    shutdown: CancellationToken,
) {
    loop {
        match pass(&pool, &bus, source, &clock).await {
            Ok(0) => {}
            Ok(events) => {
                tracing::info!(source, events, "redacted events taken off the bus");
                continue;
            }
            Err(error) => {
                tracing::warn!(source, error = %format!("{error:#}"), "redacted events stay on the bus for now");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Handles the next ones; says how many.
async fn pass(pool: &PgPool, bus: &Bus, source: &str, clock: &SharedClock) -> anyhow::Result<usize> {
    let mut transaction = pool.begin().await?;
    // What the relay has not passed yet it may be publishing from before the redaction.
    let rows = sqlx::query(
        "SELECT s.event_id, s.subject, s.recorded_at FROM outbox_scrubs s, outbox_cursor c
         WHERE (s.txid, s.position) <= (c.txid, c.position)
         ORDER BY s.recorded_at LIMIT $1 FOR UPDATE OF s SKIP LOCKED",
    )
    .bind(CHUNK)
    .fetch_all(&mut *transaction)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let now = clock.now();
    let mut sent = Vec::with_capacity(rows.len());
    for row in &rows {
        let recorded_at = row.try_get::<SqlTimestamp, _>("recorded_at")?.to_jiff();
        if bus.may_hold(recorded_at, now) {
            sent.push(Sent {
                event_id: row.try_get("event_id")?,
                subject: row.try_get("subject")?,
                recorded_at,
            });
        }
    }
    bus.forget(source, &sent).await?;
    let done = rows.iter().map(|row| row.try_get("event_id")).collect::<Result<Vec<Uuid>, _>>()?;
    sqlx::query("DELETE FROM outbox_scrubs WHERE event_id = ANY ($1)")
        .bind(&done)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(rows.len())
}

/// Forgets what dead letters that were given up hold of these aggregates, in the transaction of the consumer that
/// hears that they were erased.
///
/// # Errors
/// When the database is away.
pub async fn forget_discarded(connection: &mut PgConnection, aggregates: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE inbox_dead SET event = '' WHERE aggregate_id = ANY ($1) AND discarded_at IS NOT NULL",
    )
    .bind(aggregates)
    .execute(connection)
    .instrument(sql_span!("inbox_dead.forget", "UPDATE"))
    .await?;
    Ok(())
}
