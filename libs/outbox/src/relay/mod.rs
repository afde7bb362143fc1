//! The relay: from the event log to the bus, in order, nothing lost. Source: DESIGN rule 2.
//!
//! One process per database leads, by a session lock on a connection of its own; the others wait to follow. The leader
//! reads a batch, publishes it without waiting in between, waits for every acknowledgement, then moves the cursor. No
//! transaction is open meanwhile. A batch is published in the order of `position`, which for one aggregate is the order
//! of its versions.

mod cursor;
mod lead;
mod metrics;
mod publish;

use gongdan_bus::Bus;
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// How the relay paces itself.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Events in one batch.
    pub batch: i64,
    /// Shortest time from the beginning of a batch to the next, so that busy times make larger batches. A first event
    /// after a pause waits for nothing.
    pub pace: Duration,
    /// Longest time between two looks at the log when nobody wakes it.
    pub idle: Duration,
    /// Time between two tries to become the leader.
    pub follow: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            batch: 500,
            pace: Duration::from_millis(40),
            idle: Duration::from_secs(1),
            follow: Duration::from_secs(2),
        }
    }
}

/// Publishes a service's events.
#[derive(Debug)]
pub struct Relay;

/// A running relay.
#[derive(Debug, Clone)]
pub struct RelayHandle {
    wake: Arc<Notify>,
    task: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

impl Relay {
    /// Starts it for the events of `source`, whose stream must be there. It goes on through every trouble with database
    /// or bus until `shutdown`.
    #[must_use]
    pub fn start(
        pool: PgPool,
        bus: Bus,
        source: &'static str,
        config: RelayConfig,
        shutdown: CancellationToken,
    ) -> RelayHandle {
        let wake = Arc::new(Notify::new());
        let task = tokio::spawn(lead::run(pool, bus, source, config, wake.clone(), shutdown));
        RelayHandle { wake, task: Arc::new(tokio::sync::Mutex::new(Some(task))) }
    }
}

impl RelayHandle {
    /// Tells the relay that events were committed. To be called after each commit that appended some; costs nothing.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until the relay has stopped, after its `shutdown`.
    pub async fn stopped(&self) {
        if let Some(task) = self.task.lock().await.take() {
            task.await.ok();
        }
    }

    /// A handle that wakes nobody, for a process that runs no relay.
    #[must_use]
    pub fn none() -> Self {
        Self { wake: Arc::new(Notify::new()), task: Arc::new(tokio::sync::Mutex::new(None)) }
    }
}
