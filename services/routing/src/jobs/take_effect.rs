//! What is planned of units, staff and areas becomes true when its time comes, without anybody's act. Source: R1, effective dates.
//!
//! It sleeps until the next change is due. Any replica may do it, one at a time; what came due while none ran is made up for
//! at the start, in its order.

use crate::Rooms;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What another replica was told is known after this at the latest, and trouble is over or tried again.
const AT_LATEST: SignedDuration = SignedDuration::from_secs(10);

/// Runs until told to stop.
pub async fn run(rooms: Arc<Rooms>, shutdown: CancellationToken) {
    loop {
        let now = rooms.clock.now();
        let next = match rooms.store.next_change().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "planned changes of the organisation are not looked at");
                None
            }
        };
        if next.is_some_and(|next| next <= now) && make_true(&rooms, now).await {
            continue;
        }
        let at_latest = now.saturating_add(AT_LATEST).unwrap_or(now);
        let next = next.filter(|next| *next > now).map_or(at_latest, |next| next.min(at_latest));
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rooms.planned.notified() => {}
            () = rooms.clock.sleep_until(next) => {}
        }
    }
}

/// Some of what is due; answers whether to go on at once.
async fn make_true(rooms: &Rooms, now: Timestamp) -> bool {
    match rooms.store.take_effect(now).await {
        Ok(begun) => {
            rooms.authenticator.changed(&begun.principals);
            if begun.events() > 0 {
                rooms.relay.wake();
            }
            rooms.metrics.took_effect(&begun);
            if !begun.is_nothing() {
                let (units, people, areas) = (begun.units, begun.principals.len(), begun.areas);
                let failed = begun.failed;
                tracing::info!(
                    units,
                    people,
                    areas,
                    failed,
                    "planned changes of the organisation took effect"
                );
            }
            true
        }
        Err(error) => {
            tracing::warn!(%error, "planned changes of the organisation did not take effect");
            false
        }
    }
}
