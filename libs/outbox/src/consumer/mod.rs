//! A consumer: a durable of the bus that feeds an inbox. Source: DESIGN rule 3.

mod messages;
mod run;
mod upkeep;

use crate::{
    Handler, Inbox, OwnerLog, RelayHandle,
    inbox::{GapRepair, InboxConfig},
};
use gongdan_bus::Bus;
use sqlx::PgPool;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How a consumer paces itself and how patient it is.
#[derive(Debug, Clone)]
pub struct ConsumerConfig {
    /// Events applied in one transaction at most.
    pub batch: usize,
    /// Shortest time from the beginning of a batch to the next, so that busy times make larger batches. A first event
    /// after a pause waits for nothing.
    pub pace: Duration,
    /// Time after which the bus gives a message that was not acknowledged to another replica.
    pub ack_wait: Duration,
    /// Age of a gap at which the owner is asked for what is missing.
    pub gap_after: Duration,
    /// Tries before an event is a dead letter.
    pub max_attempts: i32,
    /// Pause before the second try; doubles with each.
    pub backoff: Duration,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            batch: 500,
            pace: Duration::from_millis(10),
            ack_wait: Duration::from_secs(30),
            gap_after: Duration::from_secs(60),
            max_attempts: 5,
            backoff: Duration::from_secs(1),
        }
    }
}

/// Applies the events of another service.
#[derive(Debug)]
pub struct Consumer;

/// A consumer to be started.
#[derive(Debug, Clone)]
pub struct ConsumerBuilder {
    name: String,
    source: String,
    kinds: Option<HashSet<String>>,
    latest_only: bool,
    config: ConsumerConfig,
}

impl Consumer {
    /// The consumer `name`, which begins with its own service and a dash (`sla-tickets`), of the events of the service
    /// `source`. Its name is that of its durable on the bus and of its inbox: it must not change.
    pub fn builder(name: impl Into<String>, source: impl Into<String>) -> ConsumerBuilder {
        ConsumerBuilder {
            name: name.into(),
            source: source.into(),
            kinds: None,
            latest_only: false,
            config: ConsumerConfig::default(),
        }
    }
}

impl ConsumerBuilder {
    /// Only these types reach the handler, as short names; of others the versions are counted. Default: all.
    #[must_use]
    pub fn events(mut self, kinds: &[&str]) -> Self {
        self.kinds = Some(kinds.iter().map(|kind| (*kind).to_owned()).collect());
        self
    }

    /// The handler needs nothing but the latest state of each aggregate: versions may be jumped over, so every type that
    /// reaches the handler must carry the whole state. Say why in the file of the handler.
    #[must_use]
    pub fn latest_only(mut self, latest_only: bool) -> Self {
        self.latest_only = latest_only;
        self
    }

    /// Pace and patience.
    #[must_use]
    pub fn config(mut self, config: ConsumerConfig) -> Self {
        self.config = config;
        self
    }

    /// Age of a gap at which the owner is asked for what is missing.
    #[must_use]
    pub fn gap_after(mut self, gap_after: Duration) -> Self {
        self.config.gap_after = gap_after;
        self
    }

    /// Tries before an event is a dead letter.
    #[must_use]
    pub fn max_attempts(mut self, max_attempts: i32) -> Self {
        self.config.max_attempts = max_attempts;
        self
    }

    /// Pause before the second try.
    #[must_use]
    pub fn backoff(mut self, backoff: Duration) -> Self {
        self.config.backoff = backoff;
        self
    }

    /// Only the inbox, fed by nobody yet: for a rebuild without the bus.
    #[must_use]
    pub fn inbox(&self, pool: PgPool, bus: Bus, handler: Arc<dyn Handler>, relay: RelayHandle) -> Arc<Inbox> {
        let service = self.name.split('-').next().unwrap_or_default().to_owned();
        let config = InboxConfig {
            latest_only: self.latest_only,
            kinds: self.kinds.clone(),
            max_attempts: self.config.max_attempts,
            backoff: self.config.backoff,
        };
        Arc::new(Inbox::new(self.name.clone(), service, pool, bus, relay, handler, config))
    }

    /// Starts it. It waits for whatever is away, the source's stream included, and goes on until `shutdown`; a batch that
    /// is being applied then is finished.
    #[must_use]
    pub fn start(
        self,
        pool: PgPool,
        bus: Bus,
        owner: Arc<dyn OwnerLog>,
        handler: Arc<dyn Handler>,
        relay: RelayHandle,
        shutdown: CancellationToken,
    ) -> ConsumerHandle {
        // Versions may be jumped over here: events that the handler does not want need not come.
        let kinds = self.kinds.as_ref().filter(|_| self.latest_only).map(|kinds| {
            let mut kinds: Vec<String> = kinds.iter().cloned().collect();
            kinds.sort_unstable();
            kinds
        });
        let inbox = self.inbox(pool, bus.clone(), handler, relay);
        let repair = (!self.latest_only)
            .then_some(GapRepair { after: self.config.gap_after, again: self.config.gap_after / 2 });
        let tasks = vec![
            tokio::spawn(run::run(inbox.clone(), bus, self.source, kinds, self.config, shutdown.clone())),
            tokio::spawn(upkeep::run(inbox.clone(), owner, repair, shutdown)),
        ];
        ConsumerHandle { inbox, tasks: Arc::new(tokio::sync::Mutex::new(tasks)) }
    }
}

/// A running consumer.
#[derive(Debug, Clone)]
pub struct ConsumerHandle {
    inbox: Arc<Inbox>,
    tasks: Arc<tokio::sync::Mutex<Vec<JoinHandle<()>>>>,
}

impl ConsumerHandle {
    /// Its inbox, for the dead letter server and for rebuilds.
    #[must_use]
    pub fn inbox(&self) -> Arc<Inbox> {
        self.inbox.clone()
    }

    /// Waits until it has stopped, after its `shutdown`.
    pub async fn stopped(&self) {
        for task in self.tasks.lock().await.drain(..) {
            task.await.ok();
        }
    }

    /// Ends it at once, as a killed process would: for tests.
    pub async fn kill(&self) {
        for task in self.tasks.lock().await.drain(..) {
            task.abort();
            task.await.ok();
        }
    }
}
