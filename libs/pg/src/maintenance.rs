//! What a database needs once an hour: partitions ahead of time, old requests forgotten.

use crate::{ensure_partitions, requests};
use gongdan_clock::SharedClock;
use jiff::SignedDuration;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Does it at once and then every hour until `shutdown`. A failure is logged and tried again an hour later; replicas
/// may run it side by side.
pub async fn run(pool: PgPool, partitioned: &[&str], clock: SharedClock, shutdown: CancellationToken) {
    loop {
        let now = clock.now();
        for table in partitioned {
            if let Err(error) = ensure_partitions(&pool, table, now).await {
                tracing::warn!(table, error = %error, "partitions were not made");
            }
        }
        match requests::forget_old(&pool, now).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old requests forgotten"),
            Err(error) => tracing::warn!(error = %error, "old requests were not forgotten"),
        }
        tokio::select! {
            () = clock.sleep_until(now.saturating_add(EVERY).unwrap_or(now)) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
