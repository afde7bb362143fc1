//! Waiting on a condition.

use std::{
    fmt::Debug,
    future::Future,
    time::{Duration, Instant},
};

/// Longest wait for a condition; two cores may be busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(180);

/// Asks until the answer is `Some`, and gives it.
///
/// # Panics
/// When it is still `None` after `LIMIT`; the message says what was awaited.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: impl Debug, mut ask: impl FnMut() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < LIMIT, "not within {LIMIT:?}: {what:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
