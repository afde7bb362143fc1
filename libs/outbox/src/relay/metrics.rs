//! What the relay counts.

use crate::log::Logged;
use gongdan_telemetry::meter;
use opentelemetry::{KeyValue, metrics::Counter};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

#[derive(Debug)]
pub(super) struct Metrics {
    published: Counter<u64>,
    backlog: Arc<AtomicI64>,
    /// Microseconds since 1970 of the oldest event not yet published; 0: none.
    oldest: Arc<AtomicI64>,
    source: [KeyValue; 1],
}

impl Metrics {
    pub(super) fn new(source: &'static str) -> Self {
        let labels = [KeyValue::new("gongdan.source", source)];
        let backlog = Arc::new(AtomicI64::new(0));
        let oldest = Arc::new(AtomicI64::new(0));
        let published = meter()
            .u64_counter("gongdan.outbox.published")
            .with_description("Events the bus has acknowledged")
            .build();
        published.add(0, &labels);
        let (value, with) = (backlog.clone(), labels.clone());
        meter()
            .i64_observable_gauge("gongdan.outbox.backlog")
            .with_description("Events that wait to be published, counted every five seconds, up to 100,000")
            .with_callback(move |gauge| gauge.observe(value.load(Ordering::Relaxed), &with))
            .build();
        let (value, with) = (oldest.clone(), labels.clone());
        meter()
            .f64_observable_gauge("gongdan.outbox.age")
            .with_unit("s")
            .with_description("Age of the oldest event that waits to be published")
            .with_callback(move |gauge| {
                let oldest = value.load(Ordering::Relaxed);
                let age = if oldest == 0 { 0.0 } else { micros_now().saturating_sub(oldest) as f64 / 1e6 };
                gauge.observe(age.max(0.0), &with);
            })
            .build();
        Self { published, backlog, oldest, source: labels }
    }

    pub(super) fn waiting(&self, batch: &[Logged]) {
        let oldest = batch.iter().map(|logged| logged.event.recorded_at.as_microsecond()).min();
        self.oldest.store(oldest.unwrap_or(0), Ordering::Relaxed);
        let waiting = i64::try_from(batch.len()).unwrap_or(i64::MAX);
        self.backlog.fetch_max(waiting, Ordering::Relaxed);
    }

    pub(super) fn published(&self, events: usize) {
        self.published.add(events as u64, &self.source);
    }

    pub(super) fn backlog(&self, waiting: i64) {
        self.backlog.store(waiting, Ordering::Relaxed);
    }

    pub(super) fn nothing_waits(&self) {
        self.backlog.store(0, Ordering::Relaxed);
        self.oldest.store(0, Ordering::Relaxed);
    }
}

fn micros_now() -> i64 {
    use gongdan_clock::{Clock as _, SystemClock};
    SystemClock.now().as_microsecond()
}
