//! Group commit: writes that come at the same time share a statement, and so a commit.
//!
//! No write waits on purpose: a writer takes what is queued when it is free. Which write fails is found by repeating the
//! batch one by one; a lost connection is repeated once as it is, which the guards of each write make harmless.

use crate::{config::WriterConfig, telemetry::Metrics};
use async_trait::async_trait;
use gongdan_errors::{Error, Reason};
use sqlx::{Executor as _, PgConnection, PgPool};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, mpsc, oneshot};

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Something that is written many at a time.
#[async_trait]
pub(crate) trait Batch: Send + Sync + Sized + 'static {
    /// What its caller gets.
    type Answer: Send + 'static;

    /// Writes all in one statement, and answers each in order.
    async fn run(connection: &mut PgConnection, batch: &[Self]) -> Result<Vec<Self::Answer>, sqlx::Error>;
}

type Job<B> = (B, oneshot::Sender<Result<<B as Batch>::Answer, Error>>);

/// A queue with its writers; they end when the last handle is dropped and the queue is empty.
pub(crate) struct Lane<B: Batch> {
    queue: mpsc::Sender<Job<B>>,
}

/// Called after each commit.
pub(crate) type AfterCommit = Arc<dyn Fn() + Send + Sync>;

impl<B: Batch> Lane<B> {
    /// Starts the writers.
    pub(crate) fn start(
        pool: &PgPool,
        config: &WriterConfig,
        metrics: &Metrics,
        after_commit: &AfterCommit,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(config.queue.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..config.tasks.max(1) {
            let writer = Writer {
                pool: pool.clone(),
                connection: None,
                metrics: metrics.clone(),
                after_commit: after_commit.clone(),
            };
            tokio::spawn(writer.serve(jobs.clone(), config.batch.max(1)));
        }
        Self { queue }
    }

    /// Writes, together with whatever else is waiting.
    pub(crate) async fn write(&self, item: B) -> Result<B::Answer, Error> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send((item, answer))
            .map_err(|_| Error::exhausted(Reason::ServerBusy, "too many writes wait", RETRY_AFTER))?;
        answered.await.map_err(|_| Error::unavailable("the writer stopped", RETRY_AFTER))?
    }
}

struct Writer {
    pool: PgPool,
    connection: Option<PgConnection>,
    metrics: Metrics,
    after_commit: AfterCommit,
}

impl Writer {
    async fn serve<B: Batch>(mut self, jobs: Arc<Mutex<mpsc::Receiver<Job<B>>>>, most: usize) {
        loop {
            let mut taken = Vec::new();
            // Only the taking is exclusive: while one writer writes, the next gathers.
            if jobs.lock().await.recv_many(&mut taken, most).await == 0 {
                return;
            }
            let (batch, answers): (Vec<B>, Vec<_>) = taken.into_iter().unzip();
            self.metrics.batch(batch.len());
            let results = self.write(&batch).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // A caller that left does not need its answer: what is written stays, and a retry finds it.
                let _ = answer.send(result);
            }
        }
    }

    async fn write<B: Batch>(&mut self, batch: &[B]) -> Vec<Result<B::Answer, Error>> {
        match self.attempt(batch).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) if batch.len() == 1 => vec![Err(gongdan_pg::error(error))],
            Err(error) if is_away(&error) => {
                tracing::warn!(writes = batch.len(), error = %error, "a batch of writes failed");
                batch.iter().map(|_| Err(Error::unavailable("the database is away", RETRY_AFTER))).collect()
            }
            Err(error) => {
                tracing::debug!(writes = batch.len(), error = %error, "a batch is repeated one by one");
                let mut results = Vec::with_capacity(batch.len());
                for one in batch {
                    let result = self.attempt(std::slice::from_ref(one)).await.map_err(gongdan_pg::error);
                    results.push(result.and_then(|answers| {
                        answers.into_iter().next().ok_or_else(|| Error::internal("a write was not answered"))
                    }));
                }
                results
            }
        }
    }

    /// Once, and after a lost connection once more on a new one.
    async fn attempt<B: Batch>(&mut self, batch: &[B]) -> Result<Vec<B::Answer>, sqlx::Error> {
        let old = self.connection.is_some();
        match self.once(batch).await {
            Err(error) if old && is_away(&error) => self.once(batch).await,
            other => other,
        }
    }

    async fn once<B: Batch>(&mut self, batch: &[B]) -> Result<Vec<B::Answer>, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let mut connection = gongdan_pg::connect_alone(&self.pool).await?;
                connection.execute(sqlx::raw_sql(gongdan_pg::BY_KEY)).await?;
                connection
            }
        };
        let result = B::run(&mut connection, batch).await;
        match &result {
            Err(error) if is_away(error) => {}
            _ => self.connection = Some(connection),
        }
        if result.is_ok() {
            (self.after_commit)();
        }
        result
    }
}

/// The connection is gone or of no use; a race inside the database is none of it.
fn is_away(error: &sqlx::Error) -> bool {
    let race = error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code.starts_with("40"));
    gongdan_pg::is_transient(error) && !race
}
