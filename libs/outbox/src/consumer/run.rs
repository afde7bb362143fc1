//! From the bus to the inbox: what is there, at most a batch, in one transaction; acknowledged after it committed.

use super::{ConsumerConfig, messages};
use crate::Inbox;
use futures::{FutureExt as _, StreamExt as _};
use gongdan_bus::{
    AckKind, Bus,
    jetstream::{Message, consumer::pull},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const PULL: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a batch is filled with messages that are known to come.
const ON_ITS_WAY: Duration = Duration::from_millis(5);
/// Of so many parts of the time a consumer works one, as long as it keeps up.
const SHARE: u32 = 5;
/// The longest it gives way.
const REST_MOST: Duration = Duration::from_millis(500);
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
            Ok(stream) => {
                pause = TROUBLE;
                let Err(error) = consume(&inbox, &bus, stream, &config, &shutdown).await else { return };
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
) -> anyhow::Result<pull::Stream> {
    bus.ensure_dead_stream().await?;
    let (consumer, made) = bus.durable(source, name, kinds, config.batch * 4, config.ack_wait).await?;
    if made {
        tracing::info!(consumer = name, source, "a new consumer begins with what the stream still has");
    }
    Ok(consumer
        .stream()
        .max_messages_per_batch(config.batch)
        .expires(PULL)
        .heartbeat(HEARTBEAT)
        .messages()
        .await?)
}

/// Ends well at shutdown, and with an error when the stream has to be opened anew.
async fn consume(
    inbox: &Inbox,
    bus: &Bus,
    mut stream: pull::Stream,
    config: &ConsumerConfig,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let mut next_at: Option<Instant> = None;
    loop {
        let first = tokio::select! {
            first = stream.next() => first,
            () = shutdown.cancelled() => return Ok(()),
        };
        let first = first.ok_or_else(|| anyhow::anyhow!("the stream ended"))??;
        if let Some(next_at) = next_at {
            tokio::time::sleep_until(next_at).await;
        }
        let began = Instant::now();
        let (batch, trouble) = collect(&mut stream, first, config.batch).await;
        let full = batch.len() >= config.batch;
        if !apply(inbox, bus, batch, shutdown).await {
            return Ok(());
        }
        next_at = (!full).then(|| began + rest(config.pace, began.elapsed()));
        if let Some(error) = trouble {
            return Err(error.into());
        }
    }
}

/// How long after the beginning of a batch the next may begin. On a busy machine batches take longer and consumers give
/// way to calls: fewer and larger batches cost less. A batch that is full is followed by the next at once.
fn rest(pace: Duration, took: Duration) -> Duration {
    pace.max((took * SHARE).min(REST_MOST))
}

/// What is there already, and what is on its way when the bus says that more waits.
async fn collect(
    stream: &mut pull::Stream,
    first: Message,
    most: usize,
) -> (Vec<Message>, Option<pull::MessagesError>) {
    let until = Instant::now() + ON_ITS_WAY;
    let mut more = first.info().is_ok_and(|info| info.pending > 0);
    let mut batch = vec![first];
    while batch.len() < most {
        let next = match stream.next().now_or_never() {
            Some(next) => next,
            None if more => match tokio::time::timeout_at(until, stream.next()).await {
                Ok(next) => next,
                Err(_) => break,
            },
            None => break,
        };
        match next {
            Some(Ok(message)) => {
                more = message.info().is_ok_and(|info| info.pending > 0);
                batch.push(message);
            }
            Some(Err(error)) => return (batch, Some(error)),
            None => break,
        }
    }
    (batch, None)
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
