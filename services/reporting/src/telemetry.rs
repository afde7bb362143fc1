//! Every metric of reporting.
//!
//! | Name | Kind | Labels |
//! |---|---|---|
//! | `gongdan.reporting.reports` | counter | `dimension`: day, month, region, unit, item |
//! | `gongdan.reporting.rebuilds` | counter | `outcome`: succeeded, failed |
//! | `gongdan.reporting.rebuild.duration` | histogram, s | |

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};

/// The instruments; all sets of labels start at zero.
pub(crate) struct Metrics {
    reports: Counter<u64>,
    rebuilds: Counter<u64>,
    rebuild_duration: Histogram<f64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let metrics = Self {
            reports: meter
                .u64_counter("gongdan.reporting.reports")
                .with_unit("{report}")
                .with_description("Reports counted")
                .build(),
            rebuilds: meter
                .u64_counter("gongdan.reporting.rebuilds")
                .with_unit("{rebuild}")
                .with_description("Rebuilds ended")
                .build(),
            rebuild_duration: meter
                .f64_histogram("gongdan.reporting.rebuild.duration")
                .with_unit("s")
                .with_description("From the start of a rebuild to the use of its counts")
                .with_boundaries(vec![1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0])
                .build(),
        };
        for dimension in ["day", "month", "region", "unit", "item"] {
            metrics.reports.add(0, &[KeyValue::new("dimension", dimension)]);
        }
        for outcome in ["succeeded", "failed"] {
            metrics.rebuilds.add(0, &[KeyValue::new("outcome", outcome)]);
        }
        metrics
    }

    pub(crate) fn reported(&self, dimension: &'static str) {
        self.reports.add(1, &[KeyValue::new("dimension", dimension)]);
    }

    pub(crate) fn rebuilt(&self, succeeded: bool, seconds: f64) {
        let outcome = if succeeded { "succeeded" } else { "failed" };
        self.rebuilds.add(1, &[KeyValue::new("outcome", outcome)]);
        if succeeded {
            self.rebuild_duration.record(seconds, &[]);
        }
    }
}
