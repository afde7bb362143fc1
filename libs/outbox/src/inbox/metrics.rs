//! What a consumer counts.

use super::{isolate::Failure, plan::Plan};
use gongdan_clock::{Clock as _, SystemClock};
use gongdan_telemetry::meter;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};

pub(super) struct Metrics {
    events: Counter<u64>,
    lag: Histogram<f64>,
    consumer: KeyValue,
}

const OUTCOMES: [&str; 6] = ["applied", "repeated", "parked", "failed", "dead", "repaired"];

impl Metrics {
    pub(super) fn new(consumer: &str) -> Self {
        let metrics = Self {
            events: meter()
                .u64_counter("gongdan.consumer.events")
                .with_description("Events by what became of them")
                .build(),
            lag: meter()
                .f64_histogram("gongdan.consumer.lag")
                .with_unit("s")
                .with_description(
                    "From recording at the owner to being applied here, of the last event of a batch",
                )
                .with_boundaries(vec![
                    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0,
                ])
                .build(),
            consumer: KeyValue::new("messaging.consumer.group.name", consumer.to_owned()),
        };
        for outcome in OUTCOMES {
            metrics.count(outcome, 0);
        }
        metrics
    }

    pub(super) fn record(&self, plan: &Plan, failures: &[Failure]) {
        let held: usize = failures.iter().map(|failure| failure.behind + 1).sum();
        self.count("applied", plan.apply.len().saturating_sub(held));
        self.count("repeated", plan.dropped);
        self.count("parked", plan.park.len());
        self.count("failed", failures.len());
        if let Some((last, _)) = plan.apply.last() {
            let lag = SystemClock.now().as_microsecond() - last.recorded_at.as_microsecond();
            self.lag.record((lag as f64 / 1e6).max(0.0), std::slice::from_ref(&self.consumer));
        }
    }

    pub(super) fn dead(&self) {
        self.count("dead", 1);
    }

    pub(super) fn repaired(&self, events: usize) {
        self.count("repaired", events);
    }

    fn count(&self, outcome: &'static str, events: usize) {
        self.events.add(events as u64, &[self.consumer.clone(), KeyValue::new("gongdan.outcome", outcome)]);
    }
}
