//! Counts running clocks for the metric.

use crate::{store::clocks, telemetry::Metrics};
use gongdan_sla_domain::ClockKind;
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(30);

/// Counts until shut down.
pub async fn count_running(pool: PgPool, metrics: Metrics, shutdown: CancellationToken) {
    loop {
        match clocks::running(&pool).await {
            Ok(counts) => {
                for kind in ClockKind::ALL {
                    let count =
                        counts.iter().find(|(k, _)| i32::from(*k) == kind.number()).map_or(0, |(_, n)| *n);
                    metrics.running(*kind, u64::try_from(count).unwrap_or(0));
                }
            }
            Err(error) => tracing::warn!(%error, "running clocks could not be counted"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
