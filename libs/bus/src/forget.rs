//! Taking single messages out of a stream. The bus overwrites what they held. Source: X11.

use crate::{Bus, BusError};
use async_nats::{
    datetime::from_nanos,
    jetstream::consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};
use uuid::Uuid;

/// How far the bus's clock may be from that of who recorded an event.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
const BATCH: usize = 500;
/// How long the bus keeps the place in the stream when we are gone.
const GONE_AFTER: Duration = Duration::from_secs(60);

/// An event that a stream may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub event_id: Uuid,
    /// Its subject, without the bus's root.
    pub subject: String,
    /// When it was recorded; it was sent later.
    pub recorded_at: Timestamp,
}

impl Bus {
    /// Whether a stream may still hold what was recorded then.
    #[must_use]
    pub fn may_hold(&self, recorded_at: Timestamp, now: Timestamp) -> bool {
        let age = SignedDuration::try_from(self.config().max_age()).unwrap_or(SignedDuration::MAX);
        now.duration_since(recorded_at) < age.saturating_add(SKEW)
    }

    /// Overwrites and deletes these events' messages in the stream of a service; answers how many were there.
    ///
    /// # Errors
    /// When the bus is away or refuses.
    pub async fn forget(&self, service: &str, sent: &[Sent]) -> Result<usize, BusError> {
        let Some(first) = sent.iter().map(|sent| sent.recorded_at).min() else { return Ok(0) };
        let mut wanted: HashMap<String, Uuid> =
            sent.iter().map(|sent| (sent.event_id.to_string(), sent.event_id)).collect();
        let subjects: BTreeSet<String> =
            sent.iter().map(|sent| format!("{}.{}", self.root(), sent.subject)).collect();
        let start = first.saturating_sub(SKEW).unwrap_or(Timestamp::MIN);
        let stream = self.context().get_stream(self.stream_name(service)).await.map_err(BusError::new)?;
        let consumer = stream
            .create_consumer(pull::Config {
                deliver_policy: DeliverPolicy::ByStartTime {
                    start_time: from_nanos(start.as_nanosecond()).map_err(BusError::new)?,
                },
                ack_policy: AckPolicy::None,
                filter_subjects: subjects.into_iter().collect(),
                headers_only: true,
                inactive_threshold: GONE_AFTER,
                ..pull::Config::default()
            })
            .await
            .map_err(BusError::new)?;
        let mut left = consumer.cached_info().num_pending;
        let mut found = HashSet::new();
        while left > 0 && !wanted.is_empty() {
            let messages = consumer.fetch().max_messages(BATCH).messages().await.map_err(BusError::new)?;
            let messages: Vec<_> = messages.try_collect().await.map_err(BusError::new)?;
            if messages.is_empty() {
                break;
            }
            left = left.saturating_sub(messages.len() as u64);
            for message in &messages {
                let id = message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Id"));
                if id.is_some_and(|id| wanted.remove(id.as_str()).is_some()) {
                    found.insert(message.info().map_err(BusError::new)?.stream_sequence);
                }
            }
        }
        stream.delete_consumer(&consumer.cached_info().name).await.ok();
        for sequence in &found {
            stream.delete_message(*sequence).await.map_err(BusError::new)?;
        }
        Ok(found.len())
    }
}
