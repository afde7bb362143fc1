//! The clock of the machine.

use crate::{Clock, to_micros};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use std::time::Duration;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// Sleeps are cut here, so that a clock that is set forward is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place where time comes from")]
    fn now(&self) -> Timestamp {
        to_micros(Timestamp::now())
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        async move {
            loop {
                let left = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
            }
        }
        .boxed()
    }
}
