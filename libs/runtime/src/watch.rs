//! Looks at the dependencies again and again, and tells health and `/readyz`.

use crate::{Readiness, WaitConfig};
use gongdan_bus::Bus;
use sqlx::PgPool;
use std::{future::Future, time::Duration};
use tokio_util::sync::CancellationToken;

pub(crate) const DATABASE: &str = "database";
pub(crate) const BUS: &str = "bus";

/// How long the database may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(3);

/// Until `shutdown`. Calls that need what is away fail on their own; this is for those who decide where calls go.
pub(crate) async fn watch(
    pool: PgPool,
    bus: Bus,
    readiness: Readiness,
    config: WaitConfig,
    shutdown: CancellationToken,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(config.check_interval) => {}
            () = shutdown.cancelled() => return,
        }
        let database = match tokio::time::timeout(ANSWER, sqlx::query("SELECT 1").execute(&pool)).await {
            Ok(Ok(_)) => None,
            Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) => {
                Some("waiting for the database: it does not answer".into())
            }
            Ok(Err(error)) => Some(format!("waiting for the database: {error}")),
        };
        readiness.set(DATABASE, database).await;
        let away = !bus.is_connected();
        readiness.set(BUS, away.then(|| "waiting for the bus".into())).await;
    }
}

/// Waits for `ready`, saying every `remind` what is waited for. None when told to stop meanwhile.
pub(crate) async fn wait_for<T>(
    readiness: &Readiness,
    part: &'static str,
    what: String,
    remind: Duration,
    shutdown: &CancellationToken,
    ready: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(ready);
    // What is there answers at once; nobody needs to hear that it was waited for.
    let grace = Duration::from_millis(200).min(remind);
    let mut pause = grace;
    loop {
        tokio::select! {
            value = &mut ready => {
                readiness.set(part, None).await;
                return Some(value);
            }
            () = shutdown.cancelled() => return None,
            () = tokio::time::sleep(pause) => {
                if readiness.is_missing(part) {
                    tracing::warn!(part, waits_for = %what, "still waiting");
                } else {
                    readiness.set(part, Some(what.clone())).await;
                }
                pause = remind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test(start_paused = true)]
    async fn what_is_waited_for_is_said_until_it_is_there() {
        let (reporter, _health) = tonic_health::server::health_reporter();
        let readiness = Readiness::new(reporter);
        let (arrive, arrived) = oneshot::channel();
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move {
                let stop = CancellationToken::new();
                let what = "waiting for the database".to_owned();
                wait_for(&readiness, DATABASE, what, Duration::from_secs(10), &stop, arrived).await
            }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(readiness.waits_for().as_deref(), Some("waiting for the database"));
        arrive.send("there").unwrap();
        assert_eq!(waiting.await.unwrap(), Some(Ok("there")));
        assert_eq!(readiness.waits_for(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_order_to_stop_ends_the_waiting() {
        let (reporter, _health) = tonic_health::server::health_reporter();
        let readiness = Readiness::new(reporter);
        let stop = CancellationToken::new();
        stop.cancel();
        let never = std::future::pending::<()>();
        let waited =
            wait_for(&readiness, BUS, "waiting for the bus".into(), Duration::from_secs(1), &stop, never)
                .await;
        assert_eq!(waited, None);
    }
}
