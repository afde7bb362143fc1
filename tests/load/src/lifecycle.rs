//! `lifecycle`: create → dispatched by routing → accept → resolve → callback → closed, and counted by reporting.

use crate::{
    backlog::Backlog,
    options::{Common, LifecycleOptions},
    output::{self, round},
    setup,
    stats::Latencies,
    suite::{Authorized, Suite},
    watcher::Watcher,
};
use anyhow::Context;
use gongdan_clock::{Clock, SystemClock, new_id};
use gongdan_proto::{
    callback::v1::{
        AttemptOutcome, CallbackResult, ListTasksRequest, RecordAttemptRequest,
        callback_service_client::CallbackServiceClient,
    },
    tickets::v1::{
        AcceptTicketRequest, Outcome, Phase, ResolveTicketRequest, Ticket,
        ticket_service_client::TicketServiceClient,
    },
};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Longest wait for what a part left behind.
const DRAIN_LIMIT: Duration = Duration::from_secs(300);

/// The result, one JSON line.
#[derive(Serialize)]
struct Lived {
    scenario: &'static str,
    rate: f64,
    lifecycles: usize,
    per_second: f64,
    errors: u64,
    first_error: Option<String>,
    /// From sending the create to the end of the ticket, waits for events included.
    life_p50_ms: f64,
    life_p99_ms: f64,
    /// From event `submitted` to event `dispatched`, by the times that they have happened at: outbox, bus, routing, bus.
    submitted_to_dispatched_p50_ms: f64,
    submitted_to_dispatched_p99_ms: f64,
    /// From the answer to the create to the sight of `dispatched` in a watch: that, and outbox and watch once more.
    dispatch_p50_ms: f64,
    dispatch_p99_ms: f64,
    /// Processor time of all processes of the suite.
    cpu_ms_per_lifecycle: f64,
    /// From the last close to the last event applied everywhere.
    drain_s: f64,
    counted_by_reporting: u64,
}

/// What one life took.
struct Life {
    submitted_to_dispatched: Duration,
    dispatch: Duration,
    whole: Duration,
}

/// What a life needs to call.
#[derive(Clone)]
struct Desk {
    tickets: TicketServiceClient<Authorized>,
    callback: CallbackServiceClient<Authorized>,
    watcher: Watcher,
}

pub(crate) async fn run(suite: &Suite, common: &Common, options: &LifecycleOptions) -> anyhow::Result<()> {
    setup::organisation(suite).await?;
    let backlog = Backlog::open(suite).await?;
    let mut watching = suite.tickets().await?;
    let desk = Desk {
        tickets: suite.tickets().await?,
        callback: suite.callback().await?,
        watcher: Watcher::start(&mut watching).await?,
    };
    // One life beforehand: caches, connections and prepared statements are there before anything is measured.
    desk.clone().live(u64::MAX).await.context("the first life")?;
    backlog.drain(DRAIN_LIMIT).await?;

    let counted_before = suite.resolved_so_far().await?;
    let cpu_before = suite.cpu_seconds()?;
    let began = Instant::now();
    let length = Duration::from_secs(common.seconds.into());
    let mut lives = JoinSet::new();
    for serial in 0_u32.. {
        let planned = Duration::from_secs_f64(f64::from(serial) / options.rate);
        if planned >= length {
            break;
        }
        tokio::time::sleep_until((began + planned).into()).await;
        let desk = desk.clone();
        lives.spawn(async move { desk.live(serial.into()).await });
    }
    let (mut whole, mut dispatch, mut by_events) =
        (Latencies::default(), Latencies::default(), Latencies::default());
    let (mut errors, mut first_error) = (0, None);
    while let Some(joined) = lives.join_next().await {
        match joined? {
            Ok(life) => {
                whole.add(life.whole);
                dispatch.add(life.dispatch);
                by_events.add(life.submitted_to_dispatched);
            }
            Err(error) => {
                errors += 1;
                first_error.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }
    let took = began.elapsed();
    let drained = backlog.drain(DRAIN_LIMIT).await?;
    let cpu = suite.cpu_seconds()? - cpu_before;
    let counted_by_reporting = suite.resolved_so_far().await? - counted_before;
    #[allow(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    let count = whole.count() as f64;
    output::print(
        common.output,
        &Lived {
            scenario: "lifecycle",
            rate: options.rate,
            lifecycles: whole.count(),
            per_second: round(count / took.as_secs_f64()),
            errors,
            first_error,
            life_p50_ms: round(whole.percentile_ms(50)),
            life_p99_ms: round(whole.percentile_ms(99)),
            submitted_to_dispatched_p50_ms: round(by_events.percentile_ms(50)),
            submitted_to_dispatched_p99_ms: round(by_events.percentile_ms(99)),
            dispatch_p50_ms: round(dispatch.percentile_ms(50)),
            dispatch_p99_ms: round(dispatch.percentile_ms(99)),
            cpu_ms_per_lifecycle: round(cpu * 1_000.0 / count.max(1.0)),
            drain_s: round(drained.as_secs_f64()),
            counted_by_reporting,
        },
    )
}

impl Desk {
    async fn live(mut self, serial: u64) -> anyhow::Result<Life> {
        let began = Instant::now();
        let ticket = self.tickets.create_ticket(setup::request(serial)).await.context("create")?.into_inner();
        let created = Instant::now();
        let mut phases = self.watcher.of(&ticket.id);
        phases.reaches(Phase::Dispatched).await?;
        let dispatch = created.elapsed();
        let submitted_to_dispatched = phases.dispatched_after().context("when it was dispatched")?;
        self.accept(&ticket).await?;
        self.resolve(&ticket).await?;
        phases.reaches(Phase::InCallback).await?;
        self.call_back(&ticket).await?;
        phases.reaches(Phase::Closed).await?;
        Ok(Life { submitted_to_dispatched, dispatch, whole: began.elapsed() })
    }

    async fn accept(&mut self, ticket: &Ticket) -> anyhow::Result<()> {
        let request =
            AcceptTicketRequest { request_id: request_id(), ticket: ticket.id.clone(), ..Default::default() };
        self.tickets.accept_ticket(request).await.context("accept")?;
        Ok(())
    }

    async fn resolve(&mut self, ticket: &Ticket) -> anyhow::Result<()> {
        let request = ResolveTicketRequest {
            request_id: request_id(),
            ticket: ticket.id.clone(),
            outcome: Outcome::Solved.into(),
            solution: "已责令工地停止夜间施工，并安排夜间巡查。".to_owned(),
            reply: "您好，您反映的夜间施工问题已处理，感谢您的监督。".to_owned(),
            ..Default::default()
        };
        self.tickets.resolve_ticket(request).await.context("resolve")?;
        Ok(())
    }

    async fn call_back(&mut self, ticket: &Ticket) -> anyhow::Result<()> {
        let tasks = ListTasksRequest { ticket: ticket.id.clone(), ..Default::default() };
        let tasks = self.callback.list_tasks(tasks).await.context("list tasks")?.into_inner().tasks;
        let task = tasks.first().context("a ticket in callback has a task")?;
        let attempt = RecordAttemptRequest {
            request_id: request_id(),
            task: task.id.clone(),
            outcome: AttemptOutcome::Success.into(),
            result: Some(CallbackResult { contacted: true, solved: true, satisfied: true }),
            ..Default::default()
        };
        self.callback.record_attempt(attempt).await.context("record the attempt")?;
        Ok(())
    }
}

fn request_id() -> String {
    new_id(SystemClock.now()).to_string()
}
