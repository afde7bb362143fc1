//! Whether the events that a consumer is to apply have all been applied, as the bus sees it.

use gongdan_bus::Bus;

/// A durable consumer of a service's stream.
pub struct CatchUp {
    bus: Bus,
    source: &'static str,
    consumer: &'static str,
}

impl CatchUp {
    /// Looks at this consumer of this service's stream.
    #[must_use]
    pub const fn new(bus: Bus, source: &'static str, consumer: &'static str) -> Self {
        Self { bus, source, consumer }
    }

    /// Whether nothing is left to apply; none when the bus is away, so that nobody can tell.
    pub(super) async fn is_caught_up(&self) -> Option<bool> {
        if !self.bus.is_connected() {
            return None;
        }
        let stream = self.bus.context().get_stream_no_info(self.bus.stream_name(self.source)).await.ok()?;
        let info = stream.consumer_info(self.bus.durable_name(self.consumer)).await.ok()?;
        Some(info.num_pending == 0 && info.num_ack_pending == 0)
    }
}
