//! Forgets which routing decisions were answered, once routing has long stopped sending them again.

use crate::{Rooms, store::decisions};
use jiff::SignedDuration;
use std::sync::Arc;

/// Routing sends an unanswered decision again for hours, not for weeks.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
const EVERY: SignedDuration = SignedDuration::from_hours(6);

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    loop {
        let now = rooms.clock.now();
        match decisions::forget(&rooms.pool, now - RETENTION).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old decisions forgotten"),
            Err(error) => tracing::warn!(error = %error, "old decisions were not forgotten"),
        }
        tokio::select! {
            () = rooms.clock.sleep_until(now + EVERY) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}
