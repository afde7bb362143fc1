//! Where time and ids come from, so that tests decide both.
//!
//! Instants are truncated to microseconds, which is what PostgreSQL keeps: what was written equals what is read.

mod ids;
mod manual;
mod system;

pub use ids::{new_id, stable_id};
pub use manual::ManualClock;
pub use system::SystemClock;

use futures::future::BoxFuture;
use jiff::Timestamp;
use std::sync::Arc;

/// A source of time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, in whole microseconds.
    fn now(&self) -> Timestamp;

    /// Ends when `at` has come; at once when it has passed.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()>;
}

/// A clock that many parts share.
pub type SharedClock = Arc<dyn Clock>;

/// The instant in whole microseconds, rounded down.
#[must_use]
pub fn to_micros(at: Timestamp) -> Timestamp {
    let nanos = at.subsec_nanosecond();
    let within = nanos.rem_euclid(1_000);
    at - jiff::SignedDuration::from_nanos(i64::from(within))
}
