//! What the audit log counts.

use gongdan_proto::common::v1::{AuditEntry, AuditLevel};
use gongdan_telemetry::meter;
use opentelemetry::{KeyValue, metrics::Counter};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

#[derive(Debug)]
pub(crate) struct Metrics {
    written: Counter<u64>,
    failures: Counter<u64>,
    unauthenticated: Counter<u64>,
    queued: Arc<AtomicI64>,
    /// Microseconds since 1970 of the oldest entry not yet written; 0: none.
    oldest: Arc<AtomicI64>,
    head: Arc<AtomicI64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let counter = |name, description| meter().u64_counter(name).with_description(description).build();
        let written = counter("gongdan.audit.entries", "Entries written to the audit log, by level");
        for level in [AuditLevel::None, AuditLevel::Read, AuditLevel::Personal, AuditLevel::Change] {
            written.add(0, &[label(level)]);
        }
        let failures =
            counter("gongdan.audit.failures", "Writes to the audit log that failed and are tried again");
        failures.add(0, &[]);
        let unauthenticated = counter(
            "gongdan.audit.unauthenticated",
            "Calls without a good credential; they leave no entry, only this and a log line",
        );
        unauthenticated.add(0, &[]);
        let gauge = |name: &'static str, description: &'static str| {
            let value = Arc::new(AtomicI64::new(0));
            let shown = value.clone();
            meter()
                .i64_observable_gauge(name)
                .with_description(description)
                .with_callback(move |gauge| gauge.observe(shown.load(Ordering::Relaxed), &[]))
                .build();
            value
        };
        let queued = gauge("gongdan.audit.queue", "Entries that wait to be written, when last looked");
        let head = gauge("gongdan.audit.head", "Number of the last entry this process wrote");
        let oldest = Arc::new(AtomicI64::new(0));
        let shown = oldest.clone();
        meter()
            .f64_observable_gauge("gongdan.audit.lag")
            .with_unit("s")
            .with_description("Age of the oldest entry that waits to be written and chained")
            .with_callback(move |gauge| gauge.observe(age(shown.load(Ordering::Relaxed)), &[]))
            .build();
        Self { written, failures, unauthenticated, queued, oldest, head }
    }

    pub(crate) fn waiting(&self, batch: &[AuditEntry], more: usize) {
        self.queued.store(i64::try_from(batch.len() + more).unwrap_or(i64::MAX), Ordering::Relaxed);
        let instants = batch.iter().filter_map(|entry| entry.at.as_ref());
        let oldest = instants.map(|at| at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000).min();
        self.oldest.store(oldest.unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn written(&self, batch: &[AuditEntry], head: i64) {
        for level in [AuditLevel::None, AuditLevel::Read, AuditLevel::Personal, AuditLevel::Change] {
            let count = batch.iter().filter(|entry| entry.level() == level).count();
            if count > 0 {
                self.written.add(count as u64, &[label(level)]);
            }
        }
        self.head.store(head, Ordering::Relaxed);
        self.waiting(&[], 0);
    }

    pub(crate) fn failed(&self) {
        self.failures.add(1, &[]);
    }

    pub(crate) fn unauthenticated(&self) {
        self.unauthenticated.add(1, &[]);
    }
}

fn label(level: AuditLevel) -> KeyValue {
    let name = match level {
        AuditLevel::Personal => "personal",
        AuditLevel::Change => "change",
        AuditLevel::Read => "read",
        AuditLevel::None | AuditLevel::Unspecified => "none",
    };
    KeyValue::new("gongdan.audit.level", name)
}

fn age(oldest: i64) -> f64 {
    use gongdan_clock::{Clock as _, SystemClock};
    if oldest == 0 {
        return 0.0;
    }
    (SystemClock.now().as_microsecond().saturating_sub(oldest) as f64 / 1e6).max(0.0)
}
