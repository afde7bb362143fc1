//! Deletes from the object store what nobody wants: uploads that came to nothing, attachments that were removed or erased.
//! Source: T25, X11.
//!
//! Replicas may do it side by side. What cannot be deleted now is tried again.

use crate::{
    Rooms,
    store::attachments,
    store::files::{key, store_failed},
};
use gongdan_errors::Error;
use gongdan_pg::error;
use jiff::SignedDuration;
use std::sync::Arc;

/// Objects deleted in one transaction.
const BATCH: i64 = 20;

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    let interval = SignedDuration::try_from(rooms.config.attachments.sweep).unwrap_or(SignedDuration::ZERO);
    loop {
        match once(&rooms).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "attachments deleted from the store"),
            Err(error) => tracing::warn!(%error, "attachments wait to be deleted from the store"),
        }
        let now = rooms.clock.now();
        tokio::select! {
            () = rooms.clock.sleep_until(now.saturating_add(interval).unwrap_or(jiff::Timestamp::MAX)) => {}
            () = rooms.sweep.notified() => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

async fn once(rooms: &Rooms) -> Result<usize, Error> {
    // Nothing was ever written where nothing is configured.
    let Ok(store) = rooms.files.store() else { return Ok(0) };
    // An upload takes no longer than `longest`; twice that is certainly over.
    let longest = SignedDuration::try_from(rooms.config.attachments.longest).unwrap_or(SignedDuration::ZERO);
    let mut deleted = 0;
    loop {
        let begun_before =
            rooms.clock.now().saturating_sub(longest.saturating_mul(2)).unwrap_or(jiff::Timestamp::MIN);
        let mut transaction = rooms.pool.begin().await.map_err(error)?;
        let ids = attachments::to_delete(&mut transaction, begun_before, BATCH).await.map_err(error)?;
        if ids.is_empty() {
            return Ok(deleted);
        }
        for id in &ids {
            store.delete(&key(*id)).await.map_err(store_failed)?;
        }
        attachments::deleted(&mut transaction, &ids).await.map_err(error)?;
        transaction.commit().await.map_err(error)?;
        deleted += ids.len();
    }
}
