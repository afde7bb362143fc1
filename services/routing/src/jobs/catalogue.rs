//! Asks tickets every now and then which items can be chosen. Source: R11.

use crate::Rooms;
use jiff::SignedDuration;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Runs until told to stop; when tickets is away, what it said last stays.
pub async fn run(rooms: Arc<Rooms>, every: SignedDuration, shutdown: CancellationToken) {
    let mut away = false;
    loop {
        let asked = tokio::select! {
            () = shutdown.cancelled() => return,
            asked = rooms.offered.ask() => asked,
        };
        match asked {
            Ok(_) => away = false,
            // Said once, not every time that it goes on.
            Err(status) if !away => {
                tracing::warn!(%status, "the catalogue cannot be read: what was learnt is suggested by what is known of it");
                away = true;
            }
            Err(_) => {}
        }
        let now = rooms.clock.now();
        let next = now.saturating_add(every).unwrap_or(now);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rooms.clock.sleep_until(next) => {}
        }
    }
}
