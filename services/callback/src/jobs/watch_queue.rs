//! Gives back what agents held for too long, and counts what waits and what is late.
//!
//! Sleeps until the next hold runs out or the next task becomes due, and counts anew at least as often as configured.
//! Replicas may run it side by side: each step is one statement that does the same whoever runs it. A task whose hold ran
//! out is offered again whether this has run or not.

use crate::Rooms;
use gongdan_errors::Error;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Runs until `shutdown`.
pub async fn run(rooms: Arc<Rooms>, count_every: SignedDuration, shutdown: CancellationToken) {
    loop {
        let now = rooms.clock.now();
        let at_most = now.saturating_add(count_every).unwrap_or(now);
        let wake_at = match step(&rooms, now).await {
            Ok(next) => next.map_or(at_most, |next| next.min(at_most)),
            Err(error) => {
                tracing::warn!(error = %error, "the callback queue was not watched");
                at_most
            }
        };
        tokio::select! {
            () = rooms.clock.sleep_until(wake_at) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Answers when something changes by time alone.
async fn step(rooms: &Rooms, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let released = rooms.store.release(now).await?;
    if released > 0 {
        tracing::info!(released, "tasks held for too long are offered again");
    }
    let counts = rooms.store.count(now).await?;
    rooms.metrics.queue(counts.outstanding, counts.overdue);
    // A task due now is late a moment later.
    Ok(counts.next_change.map(|next| next.saturating_add(SignedDuration::from_micros(1)).unwrap_or(next)))
}
