//! Counting everything again. Source: P1.
//!
//! The owners' logs are read into tables of their own (schema `rebuild`) through the same inboxes and handlers that hear
//! the stream, while the consumers go on with the counts there are. Then the consumers of every replica are held, what
//! came meanwhile is read, and one transaction puts the new counts, with the versions they stand for, in the place of
//! the old: nothing is lost between log and stream, and no report ever sees half.

use crate::{
    RebuildConfig,
    consumers::Source,
    store::{
        rebuilds::{self, FAILED, RUNNING, RebuildRow, SUCCEEDED, SourceProgress},
        shadow,
    },
    telemetry::Metrics,
};
use gongdan_bus::Bus;
use gongdan_clock::{SharedClock, new_id};
use gongdan_errors::{Error, Reason};
use gongdan_outbox::{Inbox, RelayHandle, replay};
use gongdan_runtime::Foundation;
use sqlx::{Connection, PgConnection, PgPool};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Rebuilds, one at a time over all replicas. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rebuilder(Arc<Inner>);

struct Inner {
    pool: PgPool,
    bus: Bus,
    relay: RelayHandle,
    clock: SharedClock,
    sources: Vec<Source>,
    config: RebuildConfig,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    /// Counts notes of progress, so that watchers in this process need not wait for their next look.
    noted: watch::Sender<u64>,
}

impl Rebuilder {
    pub(crate) fn new(
        base: &Foundation,
        sources: Vec<Source>,
        config: RebuildConfig,
        metrics: Arc<Metrics>,
    ) -> Self {
        let tasks = TaskTracker::new();
        let (waited, stop) = (tasks.clone(), base.shutdown.clone());
        base.spawn(async move {
            stop.cancelled().await;
            waited.close();
            waited.wait().await;
        });
        Self(Arc::new(Inner {
            pool: base.pool.clone(),
            bus: base.bus.clone(),
            relay: base.relay.clone(),
            clock: base.clock.clone(),
            sources,
            config,
            metrics,
            shutdown: base.shutdown.clone(),
            tasks,
            noted: watch::Sender::new(0),
        }))
    }

    /// Changes with each note of progress made in this process.
    pub(crate) fn noted(&self) -> watch::Receiver<u64> {
        self.0.noted.subscribe()
    }

    /// Cancelled when the service is to stop.
    pub(crate) fn shutdown(&self) -> CancellationToken {
        self.0.shutdown.clone()
    }

    /// Says of a rebuild whose process has died that it has failed. At start; trouble is logged, the next rebuild does it.
    pub(crate) async fn end_abandoned(&self) {
        let ended = async {
            let mut connection = gongdan_pg::connect_alone(&self.0.pool).await?;
            if rebuilds::lock(&mut connection).await? {
                rebuilds::end_abandoned(&mut connection, self.0.clock.now()).await?;
            }
            connection.close().await
        };
        if let Err(error) = ended.await {
            tracing::warn!(%error, "an abandoned rebuild could not be ended");
        }
    }

    /// Begins one in the background.
    ///
    /// # Errors
    /// FAILED_PRECONDITION/REBUILD_RUNNING; UNAVAILABLE.
    pub(crate) async fn start(&self, caller: &str, request_id: Uuid) -> Result<RebuildRow, Error> {
        let away = gongdan_pg::error;
        let mut lock = gongdan_pg::connect_alone(&self.0.pool).await.map_err(away)?;
        if !rebuilds::lock(&mut lock).await.map_err(away)? {
            return Err(Error::precondition(Reason::RebuildRunning, "another rebuild runs"));
        }
        let now = self.0.clock.now();
        rebuilds::end_abandoned(&mut lock, now).await.map_err(away)?;
        let mut sources = Vec::with_capacity(self.0.sources.len());
        for source in &self.0.sources {
            let expected = rebuilds::applied(&mut lock, source.consumer).await.map_err(away)?;
            sources.push(SourceProgress {
                source: source.name.to_owned(),
                applied: 0,
                expected,
                done: false,
            });
        }
        let row = RebuildRow {
            id: new_id(now),
            state: RUNNING,
            started_at: now,
            ended_at: None,
            error: String::new(),
            sources,
        };
        rebuilds::insert(&mut lock, caller, request_id, &row).await.map_err(away)?;
        let (this, running) = (self.clone(), row.clone());
        self.0.tasks.spawn(async move { this.run(running, lock).await });
        Ok(row)
    }

    /// To the end; the lock is let go with its connection.
    async fn run(&self, mut row: RebuildRow, lock: PgConnection) {
        let this = &self.0;
        tracing::info!(rebuild = %row.id, "rebuild begins");
        let progress = Arc::new(Mutex::new(row.sources.clone()));
        let read = || progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let rebuilt = {
            let counting = self.count(&progress);
            tokio::pin!(counting);
            loop {
                tokio::select! {
                    ended = &mut counting => break ended,
                    () = this.shutdown.cancelled() => break Err(anyhow::anyhow!("the service stopped")),
                    () = tokio::time::sleep(this.config.note_every) => {
                        row.sources = read();
                        self.note(&row).await;
                    }
                }
            }
        };
        row.sources = read();
        row.ended_at = Some(this.clock.now());
        match rebuilt {
            Ok(()) => {
                row.state = SUCCEEDED;
                let applied: i64 = row.sources.iter().map(|source| source.applied).sum();
                tracing::info!(rebuild = %row.id, applied, "rebuild is in use");
            }
            Err(error) => {
                row.state = FAILED;
                row.error = format!("{error:#}");
                tracing::error!(rebuild = %row.id, error = %row.error, "rebuild failed; the old counts stay");
            }
        }
        let seconds = row.ended_at.map_or(0.0, |ended| ended.duration_since(row.started_at).as_secs_f64());
        this.metrics.rebuilt(row.state == SUCCEEDED, seconds);
        self.note(&row).await;
        if let Err(error) = lock.close().await {
            tracing::debug!(%error, "the lock's connection was gone");
        }
    }

    async fn note(&self, row: &RebuildRow) {
        for source in &row.sources {
            tracing::debug!(rebuild = %row.id, source = source.source, applied = source.applied, "rebuild");
        }
        if let Err(error) = rebuilds::update(&self.0.pool, row).await {
            tracing::warn!(rebuild = %row.id, %error, "progress was not noted");
        }
        self.0.noted.send_modify(|noted| *noted += 1);
    }

    async fn count(&self, progress: &Mutex<Vec<SourceProgress>>) -> anyhow::Result<()> {
        let this = &self.0;
        shadow::create(&mut *this.pool.acquire().await?).await?;
        let pool = shadow::pool(&this.pool);
        let mut logs = Vec::with_capacity(this.sources.len());
        for (index, source) in this.sources.iter().enumerate() {
            let inbox = source.builder.inbox(
                pool.clone(),
                this.bus.clone(),
                source.handler.clone(),
                this.relay.clone(),
            );
            logs.push(Log { index, source, inbox, position: None, applied: 0 });
        }
        for log in &mut logs {
            self.read_log(log, progress).await?;
        }
        let mut swap = this.pool.begin().await?;
        shadow::hold_consumers(&mut swap).await?;
        for log in &mut logs {
            self.read_log(log, progress).await?;
        }
        let consumers: Vec<String> = this.sources.iter().map(|source| source.consumer.to_owned()).collect();
        shadow::take_over(&mut swap, &consumers).await?;
        swap.commit().await?;
        pool.close().await;
        shadow::drop(&mut *this.pool.acquire().await?).await?;
        Ok(())
    }

    /// From where it was left to the present. An owner that is away is asked again, a few times.
    async fn read_log(&self, log: &mut Log<'_>, progress: &Mutex<Vec<SourceProgress>>) -> anyhow::Result<()> {
        let note = |applied: i64, done: bool| {
            let mut sources = progress.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(source) = sources.get_mut(log.index) {
                source.applied = applied;
                source.done = done;
            }
        };
        let mut attempts = 0;
        loop {
            let before = log.applied;
            let (mut position, mut applied) = (log.position.clone(), before);
            let read = replay(&log.inbox, log.source.owner.as_ref(), log.position.clone(), |far| {
                position = Some(far.position.clone()).filter(|p| !p.is_empty());
                applied = before + i64::try_from(far.applied).unwrap_or(i64::MAX);
                note(applied, false);
            })
            .await;
            log.applied = applied;
            log.position = position;
            match read {
                Ok(_) => {
                    note(log.applied, true);
                    return Ok(());
                }
                Err(error) if attempts + 1 >= self.0.config.max_attempts => {
                    return Err(anyhow::Error::new(error).context(format!("the log of {}", log.source.name)));
                }
                Err(error) => {
                    tracing::warn!(source = log.source.name, %error, "a rebuild waits for the owner");
                    tokio::time::sleep(self.0.config.pause).await;
                    attempts += 1;
                }
            }
        }
    }
}

/// One owner's log, and how far it was read.
struct Log<'a> {
    index: usize,
    source: &'a Source,
    inbox: Arc<Inbox>,
    position: Option<String>,
    applied: i64,
}
