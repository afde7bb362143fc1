//! Forgets runs of schedules that were over long ago.

use crate::store::schedule_runs;
use gongdan_clock::SharedClock;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(600);
const CHUNK: u16 = 5_000;

/// Forgets until shut down.
pub async fn forget_runs(
    pool: PgPool,
    clock: SharedClock,
    keep: SignedDuration,
    shutdown: CancellationToken,
) {
    loop {
        let before = clock.now().saturating_sub(keep).unwrap_or(Timestamp::MIN);
        loop {
            match schedule_runs::forget_old(&pool, before, i64::from(CHUNK)).await {
                Ok(done) if done < u64::from(CHUNK) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old runs of schedules could not be forgotten");
                    break;
                }
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
