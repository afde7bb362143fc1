//! Every metric of routing.
//!
//! | Name | Kind | Labels |
//! |---|---|---|
//! | `gongdan.routing.decisions` | counter | `by`: rule, area, pool |
//! | `gongdan.routing.answers` | counter | `answer`: dispatched, pooled, refused |
//! | `gongdan.routing.sent_again` | counter | |
//!
//! Decisions and answers are counted when their batch is applied; a batch that has to be applied again counts again.

use crate::store::AnswerKind;
use gongdan_routing_domain::Decided;
use opentelemetry::{KeyValue, metrics::Counter};

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    decisions: Counter<u64>,
    answers: Counter<u64>,
    sent_again: Counter<u64>,
}

impl Metrics {
    /// All of them, at zero.
    pub fn new() -> Self {
        let meter = gongdan_telemetry::meter();
        let counter = |name, text| meter.u64_counter(name).with_description(text).build();
        let metrics = Self {
            decisions: counter("gongdan.routing.decisions", "Decisions by what decided"),
            answers: counter("gongdan.routing.answers", "What became of decisions"),
            sent_again: counter("gongdan.routing.sent_again", "Decisions sent again because nobody answered"),
        };
        for by in ["rule", "area", "pool"] {
            metrics.decisions.add(0, &[KeyValue::new("by", by)]);
        }
        for answer in [AnswerKind::Dispatched, AnswerKind::Pooled, AnswerKind::Refused] {
            metrics.answered(answer, 0);
        }
        metrics.sent_again(0);
        metrics
    }

    /// Counts a decision.
    pub fn decided(&self, decided: &Decided) {
        let by = match (decided.rule_revision, decided.area_id) {
            (Some(_), _) => "rule",
            (None, Some(_)) => "area",
            (None, None) => "pool",
        };
        self.decisions.add(1, &[KeyValue::new("by", by)]);
    }

    /// Counts answers.
    pub fn answered(&self, answer: AnswerKind, times: u64) {
        let answer = match answer {
            AnswerKind::Dispatched => "dispatched",
            AnswerKind::Pooled => "pooled",
            AnswerKind::Refused => "refused",
        };
        self.answers.add(times, &[KeyValue::new("answer", answer)]);
    }

    /// Counts decisions sent again.
    pub fn sent_again(&self, times: u64) {
        self.sent_again.add(times, &[]);
    }
}
