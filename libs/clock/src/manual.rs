//! A clock that a test moves.

use crate::{Clock, to_micros};
use futures::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// A clock that stands still until it is moved; sleepers wake when their instant is reached.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<watch::Sender<Timestamp>>,
}

impl ManualClock {
    /// Stands at `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self { now: Arc::new(watch::Sender::new(to_micros(at))) }
    }

    /// Moves to `at`, also backwards.
    pub fn set(&self, at: Timestamp) {
        self.now.send_replace(to_micros(at));
    }

    /// Moves forward.
    pub fn advance(&self, by: SignedDuration) {
        self.now.send_modify(|now| *now = to_micros(*now + by));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        let mut now = self.now.subscribe();
        async move {
            // The sender lives in `self`, which outlives this future, so waiting cannot fail.
            let _ = now.wait_for(|now| *now >= at).await;
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_instant_is_reached_and_not_before() {
        let start: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let clock = ManualClock::new(start);
        let mut sleeper = tokio_test_poll(clock.sleep_until(start + SignedDuration::from_secs(10)));
        assert!(sleeper.poll_once().is_none());
        clock.advance(SignedDuration::from_secs(9));
        assert!(sleeper.poll_once().is_none());
        clock.advance(SignedDuration::from_secs(1));
        assert!(sleeper.poll_once().is_some());
    }

    struct Polled<'a>(BoxFuture<'a, ()>);

    fn tokio_test_poll(future: BoxFuture<'_, ()>) -> Polled<'_> {
        Polled(future)
    }

    impl Polled<'_> {
        fn poll_once(&mut self) -> Option<()> {
            (&mut self.0).now_or_never()
        }
    }
}
