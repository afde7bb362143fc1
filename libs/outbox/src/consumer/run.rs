//! From the bus to the inbox: what is there, at most a batch, in one transaction; acknowledged after it committed.

use super::{ConsumerConfig, messages};
use crate::{Inbox, pressure};
use gongdan_bus::{AckKind, Bus, BusError, Pull, jetstream::Message};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Of so many parts of the time a consumer works one, as long as it keeps up.
const SHARE: u32 = 5;
/// The longest it gives way.
const REST_MOST: Duration = Duration::from_millis(500);
/// Both on a busy machine, whether it keeps up or not.
const BUSY_SHARE: u32 = 8;
const BUSY_REST_MOST: Duration = Duration::from_secs(3);
const TROUBLE: Duration = Duration::from_millis(200);
const TROUBLE_MOST: Duration = Duration::from_secs(5);

pub(super) async fn run(
    inbox: Arc<Inbox>,
    bus: Bus,
    source: String,
    kinds: Option<Vec<String>>,
    config: ConsumerConfig,
    shutdown: CancellationToken,
) {
    let mut pause = TROUBLE;
    while !shutdown.is_cancelled() {
        let opened = tokio::select! {
            opened = open(&bus, &source, kinds.as_deref(), inbox.name(), &config) => opened,
            () = shutdown.cancelled() => return,
        };
        match opened {
            Ok(pull) => {
                pause = TROUBLE;
                let Err(error) = consume(&inbox, &bus, pull, &config, &shutdown).await else { return };
                tracing::warn!(consumer = inbox.name(), error = %format!("{error:#}"), "the consumer begins again");
            }
            Err(error) => {
                tracing::warn!(consumer = inbox.name(), source, error = %format!("{error:#}"), "waiting for the stream");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(TROUBLE_MOST),
            () = shutdown.cancelled() => return,
        }
    }
}

async fn open(
    bus: &Bus,
    source: &str,
    kinds: Option<&[String]>,
    name: &str,
    config: &ConsumerConfig,
) -> anyhow::Result<Pull> {
    bus.ensure_dead_stream().await?;
    let (consumer, made) = bus.durable(source, name, kinds, config.batch * 4, config.ack_wait).await?;
    if made {
        tracing::info!(consumer = name, source, "a new consumer begins with what the stream still has");
    }
    Ok(Pull::new(bus, consumer).await?)
}

/// Ends well at shutdown, and with an error when the stream has to be opened anew.
async fn consume(
    inbox: &Inbox,
    bus: &Bus,
    mut pull: Pull,
    config: &ConsumerConfig,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    loop {
        let mut batch = Vec::new();
        let came = tokio::select! {
            came = next(&mut pull, config.batch, &mut batch) => came,
            () = shutdown.cancelled() => return Ok(()),
        };
        let began = Instant::now();
        let full = batch.len() >= config.batch;
        if !apply(inbox, bus, batch, shutdown).await {
            return Ok(());
        }
        came?;
        if let Some(rest) = rest(config.pace, began.elapsed(), full, pressure::is_busy()) {
            tokio::select! {
                () = tokio::time::sleep_until(began + rest) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }
}

/// What is there already; when nothing is, the first that comes with those behind it. What came before an error is in the
/// batch.
async fn next(pull: &mut Pull, most: usize, batch: &mut Vec<Message>) -> Result<(), BusError> {
    pull.available(most, batch).await?;
    if !batch.is_empty() {
        return Ok(());
    }
    let first = pull.first().await?;
    let more = first.info().is_ok_and(|info| info.pending > 0);
    batch.push(first);
    if more { pull.available(most, batch).await } else { Ok(()) }
}

/// How long after the beginning of a batch the next may begin; at once after a full one. On a busy machine batches take
/// longer and consumers give way to calls, behind or not: fewer and larger batches cost less.
fn rest(pace: Duration, took: Duration, full: bool, busy: bool) -> Option<Duration> {
    if busy {
        return Some(pace.max((took * BUSY_SHARE).min(BUSY_REST_MOST)));
    }
    (!full).then(|| pace.max((took * SHARE).min(REST_MOST)))
}

/// Applies a batch however long it takes; false when `shutdown` came first: the bus gives the messages out again.
async fn apply(inbox: &Inbox, bus: &Bus, batch: Vec<Message>, shutdown: &CancellationToken) -> bool {
    let (events, messages) = messages::decode(inbox, bus, batch).await;
    let mut pause = TROUBLE;
    while let Err(error) = inbox.ingest(events.clone()).await {
        tracing::warn!(
            consumer = inbox.name(),
            events = events.len(),
            error = %format!("{error:#}"),
            "events wait"
        );
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(TROUBLE_MOST),
            () = shutdown.cancelled() => return false,
        }
        for message in &messages {
            message.ack_with(AckKind::Progress).await.ok();
        }
    }
    for message in messages {
        // One that gets lost is repeated by the bus and dropped by its version.
        message.ack().await.ok();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_up_rests_by_pace_or_share_and_who_does_not_goes_on_unless_others_wait() {
        let pace = Duration::from_millis(100);
        let rest = |took: u64, full, busy| rest(pace, Duration::from_millis(took), full, busy);
        assert_eq!(rest(5, false, false), Some(pace));
        assert_eq!(rest(40, false, false), Some(Duration::from_millis(200)));
        assert_eq!(rest(10_000, false, false), Some(REST_MOST));
        assert_eq!(rest(40, true, false), None);
        for full in [false, true] {
            assert_eq!(rest(5, full, true), Some(pace));
            assert_eq!(rest(40, full, true), Some(Duration::from_millis(320)));
            assert_eq!(rest(10_000, full, true), Some(BUSY_REST_MOST));
        }
    }
}
