//! Every metric of notifications.
//!
//! | Name | Kind | Labels |
//! |---|---|---|
//! | `gongdan.notifications.inbox.items` | counter | `kind`: dispatched, transferred, returned, pooled, reopened, urged, closed, warned, breached |
//! | `gongdan.notifications.attempts` | counter | `channel`: email, webhook; `outcome`: delivered, failed, dead, dropped |
//! | `gongdan.notifications.attempt.duration` | histogram, s | `channel` |
//! | `gongdan.notifications.watchers` | gauge | |
//!
//! Items are counted when their batch is committed.

use gongdan_notifications_domain::Kind;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram},
};

use crate::store::{Channel, Verdict};

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    items: Counter<u64>,
    attempts: Counter<u64>,
    duration: Histogram<f64>,
    watchers: Gauge<u64>,
}

impl Metrics {
    /// All of them, at zero.
    pub fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let metrics = Self {
            items: meter
                .u64_counter("gongdan.notifications.inbox.items")
                .with_description("Things people were told inside the suite")
                .build(),
            attempts: meter
                .u64_counter("gongdan.notifications.attempts")
                .with_description("Attempts to send something out of the suite")
                .build(),
            duration: meter
                .f64_histogram("gongdan.notifications.attempt.duration")
                .with_description("How long an attempt took")
                .with_unit("s")
                // From a local server to the longest timeout.
                .with_boundaries(vec![0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
                .build(),
            watchers: meter
                .u64_gauge("gongdan.notifications.watchers")
                .with_description("Inboxes that are being watched")
                .build(),
        };
        for kind in Kind::ALL {
            metrics.told(kind, 0);
        }
        for channel in [Channel::Email, Channel::Webhook] {
            for outcome in ["delivered", "failed", "dead", "dropped"] {
                metrics.attempts.add(0, &labels(channel, outcome));
            }
        }
        metrics.watching(0);
        metrics
    }

    /// Counts items of the inbox.
    pub fn told(&self, kind: Kind, items: u64) {
        self.items.add(items, &[KeyValue::new("kind", kind.as_str())]);
    }

    /// Counts an attempt.
    pub fn attempted(&self, channel: Channel, verdict: &Verdict, seconds: f64) {
        let outcome = match verdict {
            Verdict::Delivered => "delivered",
            Verdict::Retry(_) => "failed",
            Verdict::Dead => "dead",
            Verdict::Dropped => "dropped",
        };
        self.attempts.add(1, &labels(channel, outcome));
        self.duration.record(seconds, &[KeyValue::new("channel", channel.as_str())]);
    }

    /// Sets how many inboxes are watched.
    pub fn watching(&self, watchers: usize) {
        self.watchers.record(u64::try_from(watchers).unwrap_or(u64::MAX), &[]);
    }
}

fn labels(channel: Channel, outcome: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("channel", channel.as_str()), KeyValue::new("outcome", outcome)]
}
