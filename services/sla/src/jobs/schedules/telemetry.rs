//! Metrics of schedules. All begin with `gongdan.sla.schedules.` and start at zero.

use jiff::SignedDuration;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It made a ticket.
    TicketCreated,
    /// People are reminded.
    Reminded,
    /// It was given up.
    Failed,
    /// It was missed.
    Skipped,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::TicketCreated, Self::Reminded, Self::Failed, Self::Skipped];

    const fn as_str(self) -> &'static str {
        match self {
            Self::TicketCreated => "ticket_created",
            Self::Reminded => "reminded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    runs: Counter<u64>,
    again: Counter<u64>,
    lateness: Histogram<f64>,
}

impl Metrics {
    /// Made once, after telemetry is up.
    #[must_use]
    pub fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let metrics = Self {
            runs: meter
                .u64_counter("gongdan.sla.schedules.runs")
                .with_description("Planned times that are over, by outcome")
                .build(),
            again: meter
                .u64_counter("gongdan.sla.schedules.postponed")
                .with_description("Attempts of runs that did not succeed and are tried again")
                .build(),
            lateness: meter
                .f64_histogram("gongdan.sla.schedules.lateness")
                .with_unit("s")
                .with_description("From a planned time to its run being taken on")
                .with_boundaries(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3_600.0, 86_400.0])
                .build(),
        };
        Outcome::ALL.into_iter().for_each(|outcome| metrics.count(outcome, 0));
        metrics.again.add(0, &[]);
        metrics
    }

    /// A run is over.
    pub fn over(&self, outcome: Outcome) {
        self.count(outcome, 1);
    }

    /// So many planned times were missed.
    pub fn skipped(&self, count: u64) {
        self.count(Outcome::Skipped, count);
    }

    /// A run is tried again later.
    pub fn postponed(&self) {
        self.again.add(1, &[]);
    }

    /// A planned time was taken on so late.
    pub fn lateness(&self, late: SignedDuration) {
        self.lateness.record(late.as_secs_f64(), &[]);
    }

    fn count(&self, outcome: Outcome, count: u64) {
        self.runs.add(count, &[KeyValue::new("outcome", outcome.as_str())]);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
