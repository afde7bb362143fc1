//! Waiting on a condition.

use std::time::Duration;

use tokio::time::Instant;

/// How long a condition may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

const LOOK: Duration = Duration::from_millis(20);

/// Waits until the condition holds, and panics with `what` when it does not within [`PATIENCE`].
pub async fn eventually<F: AsyncFnMut() -> bool>(what: &str, condition: F) {
    eventually_within(PATIENCE, what, condition).await;
}

/// Waits until the condition holds, and panics with `what` when it does not within `patience`.
pub async fn eventually_within<F: AsyncFnMut() -> bool>(patience: Duration, what: &str, mut condition: F) {
    let until = Instant::now() + patience;
    while !condition().await {
        assert!(Instant::now() < until, "not within {patience:?}: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until there is something, and gives it; panics with `what` when there is nothing within [`PATIENCE`].
pub async fn eventually_some<T, F: AsyncFnMut() -> Option<T>>(what: &str, mut find: F) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find().await {
            return found;
        }
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(LOOK).await;
    }
}
