//! The queue between calls and the log, and the task that empties it.
//!
//! Entries are gathered for the flush interval and written with one statement for many; one that its call waits for is
//! written at once, with whatever is queued. Nothing is dropped: a call takes its place in the queue before it is served
//! and waits for one when there is none; a write that fails is tried again until it succeeds or the process must end.

use crate::{
    AuditConfig, AuditLayer, AuditServer, WitnessLayer, chain,
    entry::Entry,
    metrics::Metrics,
    store::{self, Row},
};
use gongdan_clock::SharedClock;
use gongdan_errors::{Code, Error, Reason};
use gongdan_outbox::Guard;
use gongdan_proto::common::v1::{AuditEntry, audit_service_server::AuditServiceServer};
use sqlx::PgPool;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Entries of one statement.
const BATCH: usize = 1_000;
/// After a failed write.
const RETRY: Duration = Duration::from_millis(200);
const RETRY_MOST: Duration = Duration::from_secs(2);
/// How long the last entries may take when the service stops.
const CLOSE: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A place in the queue.
pub(crate) type Permit = mpsc::OwnedPermit<Queued>;

/// An entry in the queue; and who waits until it is written.
#[derive(Debug)]
pub(crate) struct Queued {
    entry: Entry,
    done: Option<oneshot::Sender<bool>>,
}

/// The audit log of a service.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

pub(crate) struct Inner {
    pub service: &'static str,
    pub pool: PgPool,
    pub clock: SharedClock,
    pub config: AuditConfig,
    pub metrics: Metrics,
    queue: mpsc::Sender<Queued>,
    urgent: Notify,
    pub failing: Arc<AtomicBool>,
    closing: CancellationToken,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Audit {
    /// Starts the writer. The schema must be there.
    #[must_use]
    pub fn start(pool: PgPool, service: &'static str, clock: SharedClock, config: AuditConfig) -> Self {
        let (queue, waiting) = mpsc::channel(config.queue);
        let inner = Arc::new(Inner {
            service,
            pool,
            clock,
            config,
            metrics: Metrics::new(),
            queue,
            urgent: Notify::new(),
            failing: Arc::default(),
            closing: CancellationToken::new(),
            task: tokio::sync::Mutex::new(None),
        });
        let task = tokio::spawn(Writer { inner: inner.clone(), waiting, head: None }.run());
        // Nobody else has it yet.
        if let Ok(mut slot) = inner.task.try_lock() {
            *slot = Some(task);
        }
        Self(inner)
    }

    /// The layer before the authentication door.
    #[must_use]
    pub fn layer(&self) -> AuditLayer {
        AuditLayer::new(self.0.clone())
    }

    /// The layer behind it, and before whoever decides what a caller may do.
    #[must_use]
    pub fn witness(&self) -> WitnessLayer {
        WitnessLayer::new(self.0.clone())
    }

    /// `AuditService` over this log. The guard lets auditors in.
    #[must_use]
    pub fn server(&self, guard: Guard) -> AuditServiceServer<AuditServer> {
        AuditServer::new(self.0.pool.clone(), guard)
    }

    /// Partitions ahead, months dropped, the end of the chain told; until `shutdown`.
    pub async fn upkeep(self, shutdown: CancellationToken) {
        crate::upkeep::run(&self.0, shutdown).await;
    }

    /// Writes what is queued and ends. To be called when no call is served any more.
    pub async fn close(&self) {
        self.0.closing.cancel();
        let Some(mut task) = self.0.task.lock().await.take() else { return };
        if tokio::time::timeout(CLOSE, &mut task).await.is_err() {
            task.abort();
            let entries = self.0.config.queue - self.0.queue.capacity();
            tracing::error!(entries, "audit entries could not be written before the end and are lost");
        }
    }
}

impl Inner {
    /// A place in the queue, for a call that is about to be served; waits while there is none.
    ///
    /// # Errors
    /// UNAVAILABLE when the service is stopping.
    pub(crate) async fn reserve(&self) -> Result<Permit, Error> {
        self.queue.clone().reserve_owned().await.map_err(|_| stopping())
    }

    /// Whether the last write failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Queues an entry, in the place that was reserved or another.
    pub(crate) fn send(self: &Arc<Self>, mut entry: Entry) {
        let permit = entry.said.permit.take();
        self.put(permit, Queued { entry, done: None });
    }

    /// Writes an entry and waits for it; says whether it is there.
    pub(crate) async fn commit(self: &Arc<Self>, mut entry: Entry) -> bool {
        let (done, written) = oneshot::channel();
        let permit = entry.said.permit.take();
        self.put(permit, Queued { entry, done: Some(done) });
        self.urgent.notify_one();
        written.await.unwrap_or(false)
    }

    fn put(self: &Arc<Self>, permit: Option<Permit>, queued: Queued) {
        let queued = match permit {
            Some(permit) => {
                permit.send(queued);
                return;
            }
            None => queued,
        };
        let Err(refused) = self.queue.try_send(queued) else { return };
        match (refused, tokio::runtime::Handle::try_current()) {
            // Somebody whose call has ended already cannot wait; the entry can.
            (mpsc::error::TrySendError::Full(queued), Ok(runtime)) => {
                let inner = self.clone();
                runtime.spawn(async move {
                    if inner.queue.send(queued).await.is_err() {
                        tracing::error!("an audit entry came after the end and is lost");
                    }
                });
            }
            _ => tracing::error!("an audit entry came after the end and is lost"),
        }
    }
}

fn stopping() -> Error {
    Error::unavailable("the service is stopping", RETRY_AFTER)
}

struct Writer {
    inner: Arc<Inner>,
    waiting: mpsc::Receiver<Queued>,
    /// The end of the chain as this process last saw it.
    head: Option<i64>,
}

impl Writer {
    async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        let closing = self.inner.closing.clone();
        loop {
            let found = tokio::select! {
                found = self.waiting.recv_many(&mut batch, BATCH) => found,
                () = closing.cancelled(), if !self.waiting.is_closed() => {
                    // What is queued or has its place in the queue still comes.
                    self.waiting.close();
                    continue;
                }
            };
            if found == 0 {
                return;
            }
            self.gather(&mut batch).await;
            loop {
                let full = batch.len() == BATCH;
                self.write(std::mem::take(&mut batch)).await;
                batch.reserve(BATCH);
                if !full || self.waiting.is_empty() {
                    break;
                }
                self.waiting.recv_many(&mut batch, BATCH).await;
            }
        }
    }

    /// Lets more come, unless somebody waits.
    async fn gather(&mut self, batch: &mut Vec<Queued>) {
        if batch.iter().all(|queued| queued.done.is_none()) {
            let until = Instant::now() + self.inner.config.flush_interval;
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = self.inner.urgent.notified() => {}
                () = self.inner.closing.cancelled() => {}
            }
        }
        while batch.len() < BATCH {
            match self.waiting.try_recv() {
                Ok(queued) => batch.push(queued),
                Err(_) => break,
            }
        }
    }

    async fn write(&mut self, batch: Vec<Queued>) {
        let service = self.inner.service;
        let mut waiters = Vec::new();
        let mut entries: Vec<AuditEntry> = Vec::with_capacity(batch.len());
        for Queued { entry, done } in batch {
            waiters.extend(done.map(|done| (entries.len(), done)));
            entries.push(entry.into_message(service));
        }
        self.inner.metrics.waiting(&entries, self.waiting.len());
        let mut pause = RETRY;
        let mut failed = false;
        while let Err(error) = self.append(&mut entries, failed).await {
            self.inner.metrics.failed();
            self.inner.failing.store(true, Ordering::Relaxed);
            tracing::error!(entries = entries.len(), %error, "audit entries cannot be written and wait");
            for (at, done) in waiters.drain(..) {
                // The call fails, and that is what happened.
                if let Some(entry) = entries.get_mut(at) {
                    entry.code = i32::from(Code::Unavailable);
                    Reason::DependencyUnavailable.as_str().clone_into(&mut entry.reason);
                }
                let _ = done.send(false);
            }
            failed = true;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MOST);
        }
        self.inner.failing.store(false, Ordering::Relaxed);
        for (_, done) in waiters {
            // Its call may have ended.
            let _ = done.send(true);
        }
    }

    /// Appends in one statement. After a failure that may have been a success nobody heard of, what is there already is
    /// left out.
    async fn append(&mut self, entries: &mut Vec<AuditEntry>, again: bool) -> Result<(), sqlx::Error> {
        let pool = &self.inner.pool;
        let head = match self.head {
            Some(head) => head,
            None => store::head(pool).await?.number,
        };
        self.head = Some(head);
        if again {
            let ids: Vec<Uuid> = entries.iter().filter_map(|entry| entry.id.parse().ok()).collect();
            let there: HashSet<String> =
                store::those_after(pool, head, &ids).await?.iter().map(Uuid::to_string).collect();
            entries.retain(|entry| !there.contains(&entry.id));
            if entries.is_empty() {
                return Ok(());
            }
        }
        let rows: Vec<Row<'_>> = entries.iter().map(Row::of).collect();
        let digests: Vec<[u8; 32]> = entries.iter().map(chain::digest).collect();
        let number = store::append(pool, &rows, &digests).await?;
        self.head = Some(number);
        self.inner.metrics.written(entries, number);
        Ok(())
    }
}
