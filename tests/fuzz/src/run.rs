//! A run against a private suite.

use crate::{
    caller::Callers,
    client::{Client, Told},
    contract::{self, Rpc},
    corpus, judge,
    memory::{self, Processes},
    pool::Pool,
    report::{Finding, Report},
    seed,
    shot::{Shot, dice},
};
use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use gongdan_e2e::suite::Suite;
use prost_reflect::DynamicMessage;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tonic::Code;

/// What a call may take at the servers under test: their default, said here so that it is known.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often a request is sent again that was answered UNAVAILABLE, as a client does: a machine that is busy with other
/// things takes its time to open connections to the database.
const TRIES: u32 = 5;
/// Of a request in the report, at the most.
const SHOWN: usize = 1_500;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many requests.
    pub requests: u64,
    /// What every value is made from.
    pub seed: u64,
    /// How many callers at once.
    pub workers: u64,
    /// Says how far it is.
    pub progress: bool,
}

struct Run {
    options: Options,
    rpcs: Vec<Rpc>,
    callers: Callers,
    pool: Pool,
    addresses: BTreeMap<String, String>,
    next: AtomicU64,
    answers: Mutex<BTreeMap<String, BTreeMap<String, u64>>>,
    findings: Mutex<BTreeMap<(String, String), Finding>>,
}

/// Starts a suite, sends the requests, stops it.
///
/// # Errors
/// When the suite cannot be prepared or looked at.
///
/// # Panics
/// When it does not start.
pub async fn run(options: Options) -> Result<Report> {
    println!("seed {}", options.seed);
    let deadline = format!("{}s", DEADLINE.as_secs());
    // How much one caller may take is tested elsewhere; here it would only keep requests from their handlers.
    let mut suite = Suite::start_with(&[
        ("GONGDAN__SERVER__DEADLINE", &deadline),
        ("GONGDAN__SERVER__LIMITS__PERSON__RATE", "0"),
        ("GONGDAN__SERVER__LIMITS__CITIZEN__RATE", "0"),
    ])
    .await;
    let callers = Callers::of(&suite).await?;
    seed::sow(&suite).await;
    let address = |url: &String| url.trim_start_matches("http://").to_owned();
    let services = suite.file().services.iter();
    let run = Arc::new(Run {
        options,
        rpcs: contract::rpcs(),
        callers,
        pool: Pool::default(),
        addresses: services.map(|(name, endpoints)| (name.clone(), address(&endpoints.grpc))).collect(),
        next: AtomicU64::new(0),
        answers: Mutex::default(),
        findings: Mutex::default(),
    });
    run.ask_around().await?;
    let before = Processes::of(&suite)?;
    let begun = Instant::now();
    let mut memory = Vec::new();
    for until in [options.requests / 10, options.requests / 2, options.requests] {
        let workers = (0..options.workers).map(|_| tokio::spawn(Arc::clone(&run).work(until)));
        try_join_all(workers).await.context("a worker")?;
        memory.push(Processes::of(&suite)?);
    }
    let took = begun.elapsed();
    let (panics, complaints) = (memory::panics(&suite)?, memory::complaints(&suite)?);
    let replaced = memory.last().map(|after| before.replaced(after)).unwrap_or_default();
    let memory = <[Processes; 3]>::try_from(memory).ok().context("three looks")?;
    suite.stop().await;
    let run = Arc::into_inner(run).context("the workers have ended")?;
    Ok(Report {
        seed: options.seed,
        requests: options.requests,
        took,
        answers: run.answers.into_inner().unwrap_or_else(PoisonError::into_inner),
        findings: run.findings.into_inner().unwrap_or_else(PoisonError::into_inner),
        panics,
        complaints,
        replaced,
        memory,
    })
}

impl Run {
    /// Asks every RPC with nothing, and some with what is good, so that there is something to ask with.
    async fn ask_around(&self) -> Result<()> {
        let mut client = Client::new(self.addresses.clone());
        let good = corpus::good(&self.rpcs);
        let nothing = self.rpcs.iter().map(|rpc| (rpc.clone(), DynamicMessage::new(rpc.input.clone())));
        for (n, (rpc, message)) in good.iter().cloned().chain(nothing).enumerate() {
            for server in &rpc.servers {
                let shot = Shot::plain(&rpc, server, self.callers.administrator(), message.clone());
                let (told, _) = client.shoot(&shot, shot.patience(DEADLINE)).await;
                if let Told::Status(status, _) = &told {
                    let refused = n < good.len() && status.code() != Code::Ok;
                    anyhow::ensure!(!refused, "a good request is refused: {}: {status:?}", rpc.path);
                }
                self.learn(shot, told);
            }
        }
        Ok(())
    }

    async fn work(self: Arc<Self>, until: u64) {
        let mut client = Client::new(self.addresses.clone());
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= until {
                // Given back for the next part of the run.
                self.next.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            let shot = Shot::make(self.options.seed, number, &self.rpcs, &self.callers, &self.pool);
            let (mut told, mut took) = client.shoot(&shot, shot.patience(DEADLINE)).await;
            for _ in 0..TRIES {
                let Some(pause) = judge::passes_by_waiting(&told) else { break };
                self.count(&shot, &told);
                tokio::time::sleep(pause).await;
                (told, took) = client.shoot(&shot, shot.patience(DEADLINE)).await;
            }
            self.count(&shot, &told);
            self.judge(&shot, &told, took);
            self.learn(shot, told);
            if self.options.progress && (number + 1).is_multiple_of(5_000) {
                println!("{} of {}", number + 1, self.options.requests);
            }
        }
    }

    fn count(&self, shot: &Shot, told: &Told) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(shot.rpc.path.clone()).or_default().entry(judge::class(told)).or_default() += 1;
    }

    fn judge(&self, shot: &Shot, told: &Told, took: Duration) {
        let path = shot.rpc.path.clone();
        let Some(what) = judge::fault(shot, told, took, DEADLINE) else { return };
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let finding = findings.entry((path, what)).or_insert_with(|| Finding {
            count: 0,
            number: shot.number,
            caller: shot.caller.name.clone(),
            request: shown(shot),
        });
        finding.count += 1;
    }

    /// Keeps what an answer teaches.
    fn learn(&self, shot: Shot, told: Told) {
        let mut dice = dice(self.options.seed, !shot.number);
        let message = match told {
            Told::Status(status, message) if status.code() == Code::Ok => message,
            Told::Streams(message) => message,
            _ => return,
        };
        if let Some(message) = message
            && let Ok(answer) = DynamicMessage::decode(shot.rpc.output.clone(), message)
        {
            self.pool.harvest(&answer, &mut dice);
        }
        if let Some(request) = shot.message
            && shot.body.len() < 10_000
        {
            self.pool.like(&shot.rpc.path, request, &mut dice);
        }
    }
}

fn shown(shot: &Shot) -> String {
    let mut text = match &shot.message {
        Some(message) => format!("{:?} {}", shot.headers, message.to_text_format()),
        None => format!(
            "{:?} {:?} {}",
            shot.harm,
            shot.headers,
            hex::encode(&shot.body[..shot.body.len().min(300)])
        ),
    };
    if let Some((cut, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(cut);
        text.push('…');
    }
    text
}
