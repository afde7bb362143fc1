//! The stream of one service's events.

use crate::{Bus, BusError};
use async_nats::jetstream::{
    consumer::{AckPolicy, Consumer, DeliverPolicy, pull},
    stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
};
use std::time::Duration;

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamState {
    /// The first sequence it still has.
    pub first: u64,
    /// The last sequence it gave.
    pub last: u64,
}

impl Bus {
    /// `<ROOT>_TICKETS` for `tickets`: upper case, `-` and `.` become `_`.
    #[must_use]
    pub fn stream_name(&self, service: &str) -> String {
        format!("{}_{service}", self.root()).to_uppercase().replace(['-', '.'], "_")
    }

    /// `<root>-<consumer>`.
    #[must_use]
    pub fn durable_name(&self, consumer: &str) -> String {
        format!("{}-{consumer}", self.root()).replace('.', "_")
    }

    /// Makes the stream of a service's events on `<root>.<service>.v1.>`, or brings it to this configuration.
    ///
    /// # Errors
    /// When the bus is away or refuses.
    pub async fn ensure_stream(&self, service: &str) -> Result<(), BusError> {
        self.ensure(service, format!("{}.{service}.v1.>", self.root())).await
    }

    pub(crate) async fn ensure(&self, name: &str, subjects: String) -> Result<(), BusError> {
        let config = self.config();
        let wanted = Config {
            name: self.stream_name(name),
            subjects: vec![subjects],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_age: config.max_age(),
            duplicate_window: Duration::from_secs(config.duplicate_window_seconds.max(1)),
            num_replicas: config.replicas.max(1),
            allow_direct: true,
            ..Config::default()
        };
        self.context().create_or_update_stream(wanted).await.map_err(BusError::new)?;
        Ok(())
    }

    /// What the stream of a service holds.
    ///
    /// # Errors
    /// When the bus is away or has no such stream.
    pub async fn stream_state(&self, service: &str) -> Result<StreamState, BusError> {
        let stream = self.context().get_stream(self.stream_name(service)).await.map_err(BusError::new)?;
        let state = &stream.cached_info().state;
        Ok(StreamState { first: state.first_sequence, last: state.last_sequence })
    }

    /// The durable pull consumer of a service's events, made when it is not there; the flag says whether it was made
    /// now. Replicas that ask for the same name share its messages. With `kinds`, only events of these types come.
    ///
    /// # Errors
    /// When the bus is away or refuses.
    pub async fn durable(
        &self,
        service: &str,
        consumer: &str,
        kinds: Option<&[String]>,
        in_flight: usize,
        ack_wait: Duration,
    ) -> Result<(Consumer<pull::Config>, bool), BusError> {
        let durable = self.durable_name(consumer);
        let stream =
            self.context().get_stream_no_info(self.stream_name(service)).await.map_err(BusError::new)?;
        let subject = |kind: &String| format!("{}.{service}.v1.{kind}.>", self.root());
        let known = stream.get_consumer::<pull::Config>(&durable).await.is_ok();
        let made = stream
            .create_consumer(pull::Config {
                durable_name: Some(durable),
                filter_subjects: kinds.unwrap_or_default().iter().map(subject).collect(),
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::Explicit,
                ack_wait,
                max_deliver: -1,
                max_ack_pending: i64::try_from(in_flight).unwrap_or(i64::MAX),
                ..pull::Config::default()
            })
            .await
            .map_err(BusError::new)?;
        Ok((made, !known))
    }

    /// Deletes every stream under this root, and with them their consumers: for the end of a test.
    ///
    /// # Errors
    /// When the bus is away.
    pub async fn delete_all(&self) -> Result<(), BusError> {
        use futures::TryStreamExt as _;
        let prefix = self.stream_name("");
        let names: Vec<String> = self.context().stream_names().try_collect().await.map_err(BusError::new)?;
        for name in names.iter().filter(|name| name.starts_with(&prefix)) {
            self.context().delete_stream(name).await.map_err(BusError::new)?;
        }
        Ok(())
    }
}
