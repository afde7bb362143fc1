//! Every metric of callback.
//!
//! | Name | Kind | Labels |
//! |---|---|---|
//! | `gongdan.callback.changes` | counter | `change`: opened, attempted, completed, skipped, given_up, recorded |
//! | `gongdan.callback.attempts` | counter | `outcome`: success, no_answer, refused, wrong_number, call_later |
//! | `gongdan.callback.reopens` | counter | |
//! | `gongdan.callback.outstanding` | gauge | |
//! | `gongdan.callback.overdue` | gauge | |
//!
//! Changes that follow from events are counted when their batch is applied; a batch that has to be applied again counts
//! again. Gauges are of the whole database, alike in every replica.

use crate::events::event_name;
use gongdan_callback_domain::{Change, Changed, FailedOutcome, Outcome};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge},
};

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    changes: Counter<u64>,
    attempts: Counter<u64>,
    reopens: Counter<u64>,
    outstanding: Gauge<u64>,
    overdue: Gauge<u64>,
}

impl Metrics {
    /// All of them, at zero.
    pub fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let metrics = Self {
            changes: meter
                .u64_counter("gongdan.callback.changes")
                .with_description("What happened to tasks")
                .build(),
            attempts: meter
                .u64_counter("gongdan.callback.attempts")
                .with_description("Calls by how they ended")
                .build(),
            reopens: meter
                .u64_counter("gongdan.callback.reopens")
                .with_description("Tickets sent back")
                .build(),
            outstanding: meter
                .u64_gauge("gongdan.callback.outstanding")
                .with_description("Tasks to be called")
                .build(),
            overdue: meter
                .u64_gauge("gongdan.callback.overdue")
                .with_description("Of those, past due")
                .build(),
        };
        let any = FailedOutcome::NoAnswer;
        for change in [
            Change::Opened,
            Change::Attempted(any),
            Change::Completed,
            Change::Skipped,
            Change::GivenUp(any),
            Change::Recorded,
        ] {
            metrics.changes.add(0, &[KeyValue::new("change", event_name(change))]);
        }
        for outcome in Outcome::ALL {
            metrics.attempts.add(0, &[KeyValue::new("outcome", outcome.as_str())]);
        }
        metrics.reopens.add(0, &[]);
        metrics.queue(0, 0);
        metrics
    }

    /// Counts an act.
    pub fn changed(&self, changed: &Changed) {
        self.changes.add(1, &[KeyValue::new("change", event_name(changed.change))]);
        let outcome = match changed.change {
            Change::Completed => Outcome::Success,
            Change::Attempted(outcome) | Change::GivenUp(outcome) => Outcome::Failed(outcome),
            Change::Opened | Change::Skipped | Change::Recorded => return,
        };
        self.attempts.add(1, &[KeyValue::new("outcome", outcome.as_str())]);
        self.reopens.add(u64::from(changed.task.reopen), &[]);
    }

    /// Sets what the queue holds.
    pub fn queue(&self, outstanding: u64, overdue: u64) {
        self.outstanding.record(outstanding, &[]);
        self.overdue.record(overdue, &[]);
    }
}
