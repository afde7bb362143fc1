//! Removes what is older than it is to be kept.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{Rooms, config::RetentionConfig};

/// Until told to stop.
pub async fn run(rooms: Arc<Rooms>, config: RetentionConfig, shutdown: CancellationToken) {
    loop {
        let now = rooms.clock.now();
        let before = |kept: SignedDuration| now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
        match rooms.store.forget_items(before(config.inbox)).await {
            Ok(0) => {}
            Ok(items) => tracing::info!(items, "old inbox items removed"),
            Err(error) => tracing::warn!(%error, "old inbox items stay for now"),
        }
        match rooms.store.forget_deliveries(before(config.deliveries)).await {
            Ok(0) => {}
            Ok(deliveries) => tracing::info!(deliveries, "old deliveries removed"),
            Err(error) => tracing::warn!(%error, "old deliveries stay for now"),
        }
        let next = now.saturating_add(config.interval).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = rooms.clock.sleep_until(next) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
