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
const TROUBLE: Duration = Duration::from_millis(200);
const TROUBLE_MOST: Duration = Duration::from_secs(5);

pub(super) async fn run(
    inbox: Arc<Inbox>,
    bus: Bus,
    source: String,
    config: ConsumerConfig,
    shutdown: CancellationToken,
) {
    let mut pause = TROUBLE;
    while !shutdown.is_cancelled() {
        let opened = tokio::select! {
            opened = open(&bus, &source, inbox.name(), &config) => opened,
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

async fn open(bus: &Bus, source: &str, name: &str, config: &ConsumerConfig) -> anyhow::Result<pull::Stream> {
    bus.ensure_dead_stream().await?;
    let (consumer, made) = bus.durable(source, name, config.batch * 4, config.ack_wait).await?;
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
    let mut began: Option<Instant> = None;
    loop {
        let first = tokio::select! {
            first = stream.next() => first,
            () = shutdown.cancelled() => return Ok(()),
        };
        let first = first.ok_or_else(|| anyhow::anyhow!("the stream ended"))??;
        if let Some(began) = began {
            tokio::time::sleep_until(began + config.pace).await;
        }
        began = Some(Instant::now());
        let mut batch = vec![first];
        let mut trouble = None;
        while batch.len() < config.batch {
            match stream.next().now_or_never() {
                Some(Some(Ok(message))) => batch.push(message),
                Some(Some(Err(error))) => {
                    trouble = Some(error);
                    break;
                }
                Some(None) | None => break,
            }
        }
        if !apply(inbox, bus, batch, shutdown).await {
            return Ok(());
        }
        if let Some(error) = trouble {
            return Err(error.into());
        }
    }
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
