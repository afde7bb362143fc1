//! The floor: the rows of a create, written by plain SQL, one statement and one commit a ticket.
//!
//! The rows are copies of a create that the suite has just written, with ids of their own, in a database of the same
//! schema on the same server.

use crate::suite::Suite;
use anyhow::Context;
use gongdan_clock::{Clock, SystemClock, new_id, stable_id};
use sqlx::{PgPool, Row, postgres::PgPoolOptions};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// The floor's own database.
const DATABASE: &str = "gongdan_load_floor";

/// Citizens that the tickets of a run come from, as in `setup::request`.
const CITIZENS: u64 = 10_000;

/// What a create wrote: everything but ids is taken over.
struct Sample {
    subject: String,
    body: String,
    state: Vec<u8>,
    payload: Vec<u8>,
    event_subject: String,
    traceparent: Option<String>,
    sealed: Vec<u8>,
    hash: Vec<u8>,
    key_index: Vec<u8>,
    last_four_index: Vec<u8>,
    sealed_number: Vec<u8>,
}

/// Creates a second that plain SQL reaches from so many connections.
pub(crate) async fn per_second(suite: &Suite, connections: u32, length: Duration) -> anyhow::Result<f64> {
    let sample = Arc::new(sample(suite).await?);
    let administration =
        PgPoolOptions::new().max_connections(1).connect(&suite.database_url("postgres")?).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {DATABASE}")))
        .execute(&administration)
        .await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {DATABASE}")))
        .execute(&administration)
        .await?;
    let pool = PgPoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .connect(&suite.database_url(DATABASE)?)
        .await?;
    gongdan_tickets::schema().migrate(&pool).await?;
    gongdan_pg::ensure_partitions(&pool, "events", SystemClock.now()).await?;

    let serial = Arc::new(AtomicU64::new(0));
    run(&pool, connections, Duration::from_secs(1), &sample, &serial).await?;
    let begun = serial.load(Ordering::Relaxed);
    let took = run(&pool, connections, length, &sample, &serial).await?;
    #[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    let per_second = (serial.load(Ordering::Relaxed) - begun) as f64 / took.as_secs_f64();
    pool.close().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE {DATABASE}"))).execute(&administration).await?;
    Ok(per_second)
}

async fn run(
    pool: &PgPool,
    connections: u32,
    length: Duration,
    sample: &Arc<Sample>,
    serial: &Arc<AtomicU64>,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut writers: JoinSet<sqlx::Result<()>> = JoinSet::new();
    for _ in 0..connections {
        let (pool, sample, serial) = (pool.clone(), Arc::clone(sample), Arc::clone(serial));
        writers.spawn(async move {
            while began.elapsed() < length {
                write(&pool, &sample, serial.fetch_add(1, Ordering::Relaxed)).await?;
            }
            Ok(())
        });
    }
    while let Some(joined) = writers.join_next().await {
        joined??;
    }
    Ok(began.elapsed())
}

/// One create: ticket, event, request, customer with what it is found by if new, contact.
async fn write(pool: &PgPool, sample: &Sample, serial: u64) -> sqlx::Result<()> {
    let now = SystemClock.now();
    let citizen = stable_id("load-citizen", &(serial % CITIZENS).to_string());
    let mut key_index = sample.key_index.clone();
    key_index[..16].copy_from_slice(citizen.as_bytes());
    sqlx::query(
        "WITH ticket AS (
             INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin,
                                  customer_id, received_at, subject, body, state)
             VALUES ($1, $2, 1, 3, 1, 2, 'unclassified', 440106000000, 1, 4, 1, $3, $4, $5, $6, $7)
         ), event AS (
             INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin,
                                 traceparent, payload)
             VALUES ($8, $1, 1, 'submitted', $9, $4, $4, 1, $10, $11)
         ), request AS (
             INSERT INTO requests (caller, method, request_id, hash, resource_id, version, created_at)
             VALUES ('admin', 'CreateTicket', $12, $13, $1, 1, $4)
         ), customer AS (
             INSERT INTO customers (id, first_seen_at) VALUES ($3, $4) ON CONFLICT DO NOTHING
         ), key AS (
             INSERT INTO customer_keys (key_index, version, last_four_index, customer_id, key_version, sealed)
             VALUES ($14, 1, $16, $3, 1, $17) ON CONFLICT DO NOTHING
         )
         INSERT INTO contacts (ticket_id, customer_id, key_version, sealed, given_at) VALUES ($1, $3, 1, $15, $4)",
    )
    .bind(new_id(now))
    .bind(format!("GD2611220000{:06}", serial + 1))
    .bind(citizen)
    .bind(jiff_sqlx::Timestamp::from(now))
    .bind(&sample.subject)
    .bind(&sample.body)
    .bind(&sample.state)
    .bind(new_id(now))
    .bind(&sample.event_subject)
    .bind(&sample.traceparent)
    .bind(&sample.payload)
    .bind(new_id(now))
    .bind(&sample.hash)
    .bind(&key_index)
    .bind(&sample.sealed)
    .bind(&sample.last_four_index)
    .bind(&sample.sealed_number)
    .execute(pool)
    .await?;
    Ok(())
}

async fn sample(suite: &Suite) -> anyhow::Result<Sample> {
    let pool =
        PgPoolOptions::new().max_connections(1).connect(&suite.database_url("gongdan_tickets")?).await?;
    let row = sqlx::query(
        "SELECT t.subject, t.body, e.payload, e.subject AS event_subject, e.traceparent, t.state, c.sealed, r.hash,
                k.key_index, k.last_four_index, k.sealed AS sealed_number
         FROM events e
         JOIN tickets t ON t.id = e.aggregate_id
         JOIN contacts c ON c.ticket_id = t.id
         JOIN customer_keys k ON k.customer_id = c.customer_id
         JOIN requests r ON r.resource_id = t.id AND r.version = 1
         WHERE e.version = 1 AND k.sealed IS NOT NULL AND k.last_four_index IS NOT NULL
         LIMIT 1",
    )
    .fetch_optional(&pool)
    .await?
    .context("no created ticket to copy")?;
    Ok(Sample {
        subject: row.try_get("subject")?,
        body: row.try_get("body")?,
        state: row.try_get("state")?,
        payload: row.try_get("payload")?,
        event_subject: row.try_get("event_subject")?,
        traceparent: row.try_get("traceparent")?,
        sealed: row.try_get("sealed")?,
        hash: row.try_get("hash")?,
        key_index: row.try_get("key_index")?,
        last_four_index: row.try_get("last_four_index")?,
        sealed_number: row.try_get("sealed_number")?,
    })
}
