//! `create`: tickets per second over gRPC, beside plain SQL, and the rate at which no backlog grows.

use crate::{
    backlog::Backlog,
    floor,
    options::{Common, CreateOptions},
    output::{self, round},
    setup,
    stats::Latencies,
    suite::{Authorized, Suite},
};
use gongdan_proto::tickets::v1::ticket_service_client::TicketServiceClient;
use serde::Serialize;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Longest wait for consumers to apply what a part left behind.
const DRAIN_LIMIT: Duration = Duration::from_secs(900);

/// gRPC connections that the clients share, as a desk's or a platform's programs do.
const CONNECTIONS: usize = 8;

/// The result, one JSON line.
#[derive(Serialize)]
struct Created {
    scenario: &'static str,
    clients: u32,
    seconds: f64,
    created: usize,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    errors: u64,
    backlog_events: u64,
    drain_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sustainable_per_second: Option<f64>,
}

/// What one measured part came to.
struct Part {
    latencies: Latencies,
    errors: u64,
    took: Duration,
}

impl Part {
    #[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.took.as_secs_f64()
    }
}

pub(crate) async fn run(suite: &Suite, common: &Common, options: &CreateOptions) -> anyhow::Result<()> {
    setup::organisation(suite).await?;
    let backlog = Backlog::open(suite).await?;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS.min(common.clients as usize) {
        clients.push(suite.tickets().await?);
    }
    let serial = Arc::new(AtomicU64::new(0));
    let length = Duration::from_secs(common.seconds.into());

    // Caches, connections and prepared statements are there before anything is measured.
    closed_loop(&clients, common.clients, Duration::from_secs(2), &serial).await?;
    backlog.drain(DRAIN_LIMIT).await?;

    let floor_per_second = match options.against_floor {
        true => Some(floor::per_second(suite, common.clients, length).await?),
        false => None,
    };
    let mut part = match options.rate {
        Some(rate) => open_loop(&clients, rate, length, &serial).await?,
        None => closed_loop(&clients, common.clients, length, &serial).await?,
    };
    let backlog_events = backlog.events().await?;
    let drained = backlog.drain(DRAIN_LIMIT).await?;
    let sustainable_per_second = match options.no_sustainable {
        true => None,
        false => Some(sustainable(&clients, &backlog, part.per_second(), &serial).await?),
    };
    let per_second = part.per_second();
    output::print(
        common.output,
        &Created {
            scenario: "create",
            clients: common.clients,
            seconds: round(part.took.as_secs_f64()),
            created: part.latencies.count(),
            per_second: round(per_second),
            p50_ms: round(part.latencies.percentile_ms(50)),
            p99_ms: round(part.latencies.percentile_ms(99)),
            errors: part.errors,
            backlog_events,
            drain_s: round(drained.as_secs_f64()),
            floor_per_second: floor_per_second.map(round),
            ratio: floor_per_second.map(|floor| round(per_second / floor)),
            sustainable_per_second,
        },
    )
}

/// Each client sends its next request when it has its answer.
async fn closed_loop(
    clients: &[TicketServiceClient<Authorized>],
    callers: u32,
    length: Duration,
    serial: &Arc<AtomicU64>,
) -> anyhow::Result<Part> {
    let began = Instant::now();
    let mut callers_running = JoinSet::new();
    for caller in 0..callers as usize {
        let mut client = clients[caller % clients.len()].clone();
        let serial = Arc::clone(serial);
        callers_running.spawn(async move {
            let (mut latencies, mut errors) = (Latencies::default(), 0);
            while began.elapsed() < length {
                let request = setup::request(serial.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                match client.create_ticket(request).await {
                    Ok(_) => latencies.add(sent.elapsed()),
                    Err(_) => errors += 1,
                }
            }
            (latencies, errors)
        });
    }
    let mut part = Part { latencies: Latencies::default(), errors: 0, took: Duration::ZERO };
    while let Some(joined) = callers_running.join_next().await {
        let (latencies, errors) = joined?;
        part.latencies.merge(latencies);
        part.errors += errors;
    }
    part.took = began.elapsed();
    Ok(part)
}

/// Requests arrive at a rate, whether or not earlier ones were answered; latency counts from the planned arrival.
async fn open_loop(
    clients: &[TicketServiceClient<Authorized>],
    rate: f64,
    length: Duration,
    serial: &Arc<AtomicU64>,
) -> anyhow::Result<Part> {
    let began = Instant::now();
    let mut calls = JoinSet::new();
    let mut part = Part { latencies: Latencies::default(), errors: 0, took: Duration::ZERO };
    for arrival in 0_u32.. {
        let planned = Duration::from_secs_f64(f64::from(arrival) / rate);
        if planned >= length {
            break;
        }
        tokio::time::sleep_until((began + planned).into()).await;
        let mut client = clients[arrival as usize % clients.len()].clone();
        let request = setup::request(serial.fetch_add(1, Ordering::Relaxed));
        calls.spawn(async move { client.create_ticket(request).await.map(|_| (began + planned).elapsed()) });
        while let Some(joined) = calls.try_join_next() {
            part.count(joined?);
        }
    }
    while let Some(joined) = calls.join_next().await {
        part.count(joined?);
    }
    part.took = began.elapsed();
    Ok(part)
}

impl Part {
    fn count(&mut self, answer: Result<Duration, tonic::Status>) {
        match answer {
            Ok(took) => self.latencies.add(took),
            Err(_) => self.errors += 1,
        }
    }
}

/// The highest of the tried rates at which the backlog does not grow: halves the interval six times, eight seconds each.
async fn sustainable(
    clients: &[TicketServiceClient<Authorized>],
    backlog: &Backlog,
    fastest: f64,
    serial: &Arc<AtomicU64>,
) -> anyhow::Result<f64> {
    let (mut good, mut bad) = (0.0, fastest);
    for _ in 0..6 {
        let rate = f64::midpoint(good, bad).max(1.0);
        if holds(clients, backlog, rate, serial).await? { good = rate } else { bad = rate }
    }
    Ok(round(good))
}

/// Whether the backlog of a rate stays: what waits in its second half is no more than a second's worth of tickets
/// beyond what waited in its first half, and no call failed.
async fn holds(
    clients: &[TicketServiceClient<Authorized>],
    backlog: &Backlog,
    rate: f64,
    serial: &Arc<AtomicU64>,
) -> anyhow::Result<bool> {
    const HALF: Duration = Duration::from_secs(4);
    let first = open_loop(clients, rate, HALF, serial).await?;
    let before = backlog.events().await?;
    let second = open_loop(clients, rate, HALF, serial).await?;
    let after = backlog.events().await?;
    backlog.drain(DRAIN_LIMIT).await?;
    #[allow(clippy::cast_precision_loss, reason = "a backlog is far below 2^52")]
    let grown = after as f64 - before as f64;
    Ok(grown <= rate && first.errors + second.errors == 0)
}
