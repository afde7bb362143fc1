//! Folds what acts changed about counts of queues. Counts are exact without it; it keeps reading them cheap.

use crate::{Rooms, store::queues};
use jiff::SignedDuration;
use std::sync::Arc;

/// Folded rows after which their room is freed.
const TIDY_AFTER: u64 = 20_000;

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    let every =
        SignedDuration::try_from(rooms.config.queues.fold_every).unwrap_or(SignedDuration::from_secs(1));
    let mut folded = 0;
    loop {
        let now = rooms.clock.now();
        match queues::fold(&rooms.pool).await {
            Ok(rows) => folded += rows.unwrap_or_default(),
            Err(error) => tracing::warn!(error = %error, "counts of queues were not folded"),
        }
        if folded > TIDY_AFTER {
            folded = 0;
            if let Err(error) = queues::tidy(&rooms.pool).await {
                tracing::warn!(error = %error, "folded counts were not tidied up");
            }
        }
        tokio::select! {
            () = rooms.clock.sleep_until(now + every) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}
