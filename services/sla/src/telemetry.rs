//! Every metric of the service. All begin with `gongdan.sla.` and start at zero.

use gongdan_sla_domain::{
    ClockKind,
    clock::{Change, Fact},
};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram},
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    running: Gauge<u64>,
    changes: Counter<u64>,
    lateness: Histogram<f64>,
    year_missing: Counter<u64>,
    days_known: Gauge<u64>,
    clocks_beyond: Gauge<u64>,
    told: Arc<Mutex<HashSet<(String, i16)>>>,
}

impl Metrics {
    /// Made once, after telemetry is up.
    #[must_use]
    pub fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let metrics = Self {
            running: meter
                .u64_gauge("gongdan.sla.clocks.running")
                .with_description("Clocks that run, by kind")
                .build(),
            changes: meter
                .u64_counter("gongdan.sla.clocks.changes")
                .with_description("What happened to clocks, by kind and change")
                .build(),
            lateness: meter
                .f64_histogram("gongdan.sla.timers.lateness")
                .with_unit("s")
                .with_description("From the time of a warning or breach to its firing; imports aside")
                .with_boundaries(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3_600.0, 86_400.0])
                .build(),
            year_missing: meter
                .u64_counter("gongdan.sla.calendar.year_missing")
                .with_description("Due times that lead through a year without holiday data")
                .build(),
            days_known: meter
                .u64_gauge("gongdan.sla.calendar.days_known")
                .with_unit("d")
                .with_description("Days from today on whose holidays the newest version of a calendar knows")
                .build(),
            clocks_beyond: meter
                .u64_gauge("gongdan.sla.calendar.clocks_beyond")
                .with_description(
                    "Open clocks due in days of which their version of a calendar knows no holidays",
                )
                .build(),
            told: Arc::default(),
        };
        for kind in ClockKind::ALL {
            metrics.running(*kind, 0);
            for change in CHANGES {
                metrics
                    .changes
                    .add(0, &[KeyValue::new("kind", kind.as_str()), KeyValue::new("change", change)]);
            }
        }
        metrics.year_missing.add(0, &[]);
        metrics
    }

    /// So many clocks of the kind run.
    pub fn running(&self, kind: ClockKind, count: u64) {
        self.running.record(count, &[KeyValue::new("kind", kind.as_str())]);
    }

    /// A clock changed.
    pub fn changed(&self, fact: &Fact) {
        let kind = KeyValue::new("kind", fact.after.kind.as_str());
        self.changes.add(1, &[kind, KeyValue::new("change", change_name(&fact.change))]);
    }

    /// A warning or breach fired so many seconds after its time.
    pub fn lateness(&self, seconds: f64) {
        self.lateness.record(seconds, &[]);
    }

    /// The newest version of a calendar knows the holidays of so many days ahead.
    pub fn days_known(&self, calendar: &str, days: u32) {
        self.days_known.record(u64::from(days), &[KeyValue::new("calendar", calendar.to_owned())]);
    }

    /// So many open clocks are due beyond what their version of a calendar knows.
    pub fn clocks_beyond(&self, calendar: &str, count: u64) {
        self.clocks_beyond.record(count, &[KeyValue::new("calendar", calendar.to_owned())]);
    }

    /// A due time leads through these years without holiday data; each is logged once per process.
    pub fn years_missing(&self, calendar: &str, years: &[i16]) {
        if years.is_empty() {
            return;
        }
        self.year_missing.add(1, &[]);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for year in years.iter().filter(|year| told.insert((calendar.to_owned(), **year))) {
            tracing::warn!(
                calendar,
                year,
                "calendar_year_missing: weekdays go by rule until its holidays are imported"
            );
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Every change there is.
const CHANGES: [&str; 11] = [
    "started",
    "warned",
    "breached",
    "stopped",
    "cancelled",
    "paused",
    "resumed",
    "extended",
    "restored",
    "recalculated",
    "restarted",
];

/// The change as events and metrics name it.
#[must_use]
pub const fn change_name(change: &Change) -> &'static str {
    match change {
        Change::Started => "started",
        Change::Warned { .. } => "warned",
        Change::Breached { .. } => "breached",
        Change::Stopped { .. } => "stopped",
        Change::Cancelled { .. } => "cancelled",
        Change::Paused { .. } => "paused",
        Change::Resumed { .. } => "resumed",
        Change::Extended { .. } => "extended",
        Change::Restored => "restored",
        Change::Recalculated { .. } => "recalculated",
        Change::Restarted { .. } => "restarted",
    }
}
