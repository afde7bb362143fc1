//! Wakes the timer job when a timer is set that is earlier than the one it sleeps towards.

use jiff::Timestamp;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tokio::sync::Notify;

/// Shared between those who set timers and the job that fires them.
#[derive(Debug, Clone, Default)]
pub struct Alarm(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    notify: Notify,
    /// When the job will wake by itself, in microseconds; the far future while it has not decided yet.
    planned: AtomicI64,
}

impl Default for Inner {
    fn default() -> Self {
        Self { notify: Notify::new(), planned: AtomicI64::new(i64::MAX) }
    }
}

impl Alarm {
    /// A timer at `at` was committed.
    pub fn ring_if_before(&self, at: Timestamp) {
        if at.as_microsecond() < self.0.planned.load(Ordering::SeqCst) {
            self.0.notify.notify_one();
        }
    }

    /// The job begins to look for the next timer: from now on every new one rings.
    pub(super) fn looking(&self) {
        self.0.planned.store(i64::MAX, Ordering::SeqCst);
    }

    /// The job sleeps until `at`.
    pub(super) fn sleeping_until(&self, at: Timestamp) {
        self.0.planned.store(at.as_microsecond(), Ordering::SeqCst);
    }

    pub(super) async fn rings(&self) {
        self.0.notify.notified().await;
    }
}
