//! Every metric of this service.

use gongdan_telemetry::meter;
use jiff::SignedDuration;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, UpDownCounter},
};

/// The instruments; all counters start at zero.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    events: Counter<u64>,
    batch: Histogram<u64>,
    conflicts: Counter<u64>,
    watchers: UpDownCounter<i64>,
    contact_reads: Counter<u64>,
    broken_timelines: Counter<u64>,
    indexed: Counter<u64>,
    index_lag: Histogram<f64>,
    index_built: Gauge<f64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = meter();
        let metrics = Self {
            events: meter
                .u64_counter("gongdan.tickets.events")
                .with_description("Events written, by what happened and origin.")
                .build(),
            batch: meter
                .u64_histogram("gongdan.tickets.writer.batch")
                .with_description("Writes that shared a statement.")
                .with_boundaries(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
                .build(),
            conflicts: meter
                .u64_counter("gongdan.tickets.writer.conflicts")
                .with_description("Writes that lost a race.")
                .build(),
            watchers: meter
                .i64_up_down_counter("gongdan.tickets.watchers")
                .with_description("Open WatchTickets streams.")
                .build(),
            contact_reads: meter
                .u64_counter("gongdan.tickets.contact_reads")
                .with_description("Contacts read in clear.")
                .build(),
            broken_timelines: meter
                .u64_counter("gongdan.tickets.broken_timelines")
                .with_description("Verifications that found a broken link.")
                .build(),
            indexed: meter
                .u64_counter("gongdan.tickets.search.indexed")
                .with_description("Tickets whose texts were made searchable, again or for the first time.")
                .build(),
            index_lag: meter
                .f64_histogram("gongdan.tickets.search.lag")
                .with_unit("s")
                .with_description("From an event until search has its texts.")
                .with_boundaries(vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0])
                .build(),
            index_built: meter
                .f64_gauge("gongdan.tickets.search.built")
                .with_unit("1")
                .with_description("The share of tickets that search knows while its index is made anew.")
                .build(),
        };
        metrics.conflicts.add(0, &[]);
        metrics.watchers.add(0, &[]);
        metrics.contact_reads.add(0, &[]);
        metrics.broken_timelines.add(0, &[]);
        metrics.indexed.add(0, &[]);
        for change in ["submitted", "dispatched", "accepted", "resolved", "closed"] {
            metrics.events.add(0, &[KeyValue::new("change", change), KeyValue::new("origin", "live")]);
        }
        metrics
    }

    /// An event was written.
    pub(crate) fn event(&self, change: &'static str, origin: &'static str) {
        self.events.add(1, &[KeyValue::new("change", change), KeyValue::new("origin", origin)]);
    }

    /// So many writes shared a statement.
    pub(crate) fn batch(&self, writes: usize) {
        self.batch.record(u64::try_from(writes).unwrap_or(u64::MAX), &[]);
    }

    /// A write lost a race.
    pub(crate) fn conflict(&self) {
        self.conflicts.add(1, &[]);
    }

    /// Search has the texts of so many tickets, so long after the newest of their events.
    pub(crate) fn indexed(&self, tickets: usize, lag: Option<SignedDuration>) {
        self.indexed.add(u64::try_from(tickets).unwrap_or(u64::MAX), &[]);
        if let Some(lag) = lag {
            self.index_lag.record(lag.as_secs_f64().max(0.0), &[]);
        }
    }

    /// So many of so many tickets are in a new index.
    #[expect(clippy::cast_precision_loss, reason = "tickets are far below 2^52")]
    pub(crate) fn index_built(&self, built: i64, total: i64) {
        self.index_built.record(if total == 0 { 1.0 } else { built as f64 / total as f64 }, &[]);
    }

    /// A contact was read in clear.
    pub(crate) fn contact_read(&self) {
        self.contact_reads.add(1, &[]);
    }

    /// A verification found a broken link.
    pub(crate) fn broken_timeline(&self) {
        self.broken_timelines.add(1, &[]);
    }

    /// A watcher came; it is gone when what this gives is dropped.
    pub(crate) fn watcher(&self) -> Watcher {
        self.watchers.add(1, &[]);
        Watcher(self.watchers.clone())
    }
}

/// One open stream.
#[derive(Debug)]
pub(crate) struct Watcher(UpDownCounter<i64>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.add(-1, &[]);
    }
}
