//! Hands what arrives in inboxes to those who watch them: one query for all watchers of this process.
//!
//! Nothing is asked while nobody watches. A wake after a commit is answered soon, also when another transaction that
//! began earlier still runs; what other processes commit shows after `inbox.poll`.

use std::{sync::Arc, time::Duration};

use gongdan_errors::Error;
use gongdan_notifications_domain::Cursor;
use tokio::{
    sync::{Mutex, Notify, broadcast},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::{
    store::{Arrived, Store},
    telemetry::Metrics,
};

/// The first look after a wake that found a transaction still running.
const SOON: Duration = Duration::from_millis(10);
/// Items in one query.
const BATCH: i64 = 1_000;
/// Batches a watcher may lag behind before it has to look for itself.
const BUFFER: usize = 64;

/// What watchers subscribe to.
pub struct Feed {
    store: Store,
    poll: Duration,
    metrics: Metrics,
    sender: broadcast::Sender<Arc<Vec<Arrived>>>,
    woken: Notify,
    watched: Notify,
    /// Everything up to here was handed out, as long as somebody watches.
    cursor: Mutex<Cursor>,
}

impl Feed {
    pub fn new(store: Store, poll: Duration, metrics: Metrics) -> Self {
        let (sender, _) = broadcast::channel(BUFFER);
        let cursor = Mutex::new(Cursor { txid: 0, position: 0 });
        Self { store, poll, metrics, sender, woken: Notify::new(), watched: Notify::new(), cursor }
    }

    /// Something was committed.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// What arrives from here on. What a query for the past sees afterwards and what this brings leave no gap between
    /// them; they may overlap.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn subscribe(&self) -> Result<broadcast::Receiver<Arc<Vec<Arrived>>>, Error> {
        let mut cursor = self.cursor.lock().await;
        if self.sender.receiver_count() == 0 {
            *cursor = before(self.store.horizon().await?);
        }
        let receiver = self.sender.subscribe();
        self.watched.notify_one();
        Ok(receiver)
    }

    /// Until told to stop.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut pause = self.poll;
        loop {
            let watchers = self.sender.receiver_count();
            self.metrics.watching(watchers);
            let wait = async {
                if watchers == 0 {
                    self.watched.notified().await;
                } else {
                    sleep(pause).await;
                }
            };
            tokio::select! {
                () = wait => pause = (pause * 2).min(self.poll),
                () = self.woken.notified() => pause = SOON,
                () = shutdown.cancelled() => return,
            }
            if self.sender.receiver_count() > 0
                && let Err(error) = self.hand_out().await
            {
                tracing::warn!(%error, "watchers wait");
                pause = self.poll;
            }
        }
    }

    async fn hand_out(&self) -> Result<(), Error> {
        let mut cursor = self.cursor.lock().await;
        let horizon = self.store.horizon().await?;
        loop {
            let items = self.store.arrived(None, *cursor, horizon, BATCH).await?;
            let last = items.last().map(|item| item.cursor);
            let full = i64::try_from(items.len()).unwrap_or(i64::MAX) >= BATCH;
            if last.is_some() {
                // Nobody left is no failure: the next who watches begins anew.
                self.sender.send(Arc::new(items)).ok();
            }
            match last {
                Some(last) if full => *cursor = last,
                _ => {
                    *cursor = before(horizon);
                    return Ok(());
                }
            }
        }
    }
}

/// The end of everything before a horizon.
pub fn before(horizon: i64) -> Cursor {
    Cursor { txid: horizon - 1, position: i64::MAX }
}
