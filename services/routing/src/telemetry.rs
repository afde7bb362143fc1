//! Every metric of routing.
//!
//! | Name | Kind | Labels |
//! |---|---|---|
//! | `gongdan.routing.decisions` | counter | `by`: rule, area, pool |
//! | `gongdan.routing.answers` | counter | `answer`: dispatched, pooled, transferred, refused |
//! | `gongdan.routing.sent_again` | counter | |
//! | `gongdan.routing.rule_sets` | counter | `by`: draft, roll_back |
//! | `gongdan.routing.simulations` | counter | `end`: finished, cancelled, failed |
//! | `gongdan.routing.simulated_tickets` | counter | |
//! | `gongdan.routing.suggestions` | counter | `answer`: given, none |
//! | `gongdan.routing.lessons` | counter | `of`: item, unit; `answer`: right, wrong, none, left |
//! | `gongdan.routing.trainings` | counter | `outcome`: succeeded, failed |
//! | `gongdan.routing.training.duration` | histogram, s | |
//! | `gongdan.routing.reservations` | counter | `outcome`: made, lost |
//! | `gongdan.routing.nobody_able` | counter | |
//! | `gongdan.routing.reassignments` | counter | `end`: finished, stopped |
//! | `gongdan.routing.reassignment_failures` | counter | |
//! | `gongdan.routing.reassigned_tickets` | counter | `outcome`: decided, nobody_able, moved_on |
//! | `gongdan.routing.units_changed` | counter | |
//! | `gongdan.routing.areas_changed` | counter | |
//! | `gongdan.routing.principals_changed` | counter | `outcome`: changed, failed |
//!
//! Decisions, answers and reservations are counted once their transaction has committed, `outcome=lost` when it is lost.

use crate::store::{AnswerKind, Begun, SetKind, TicketState};
use gongdan_routing_domain::{Decided, Hits, PersonOutcome, StaffTrial};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};
use std::collections::{BTreeMap, BTreeSet};

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    decisions: Counter<u64>,
    answers: Counter<u64>,
    sent_again: Counter<u64>,
    reservations: Counter<u64>,
    nobody_able: Counter<u64>,
    reassignments: Counter<u64>,
    reassignment_failures: Counter<u64>,
    reassigned_tickets: Counter<u64>,
    units_changed: Counter<u64>,
    areas_changed: Counter<u64>,
    principals_changed: Counter<u64>,
    rule_sets: Counter<u64>,
    simulations: Counter<u64>,
    simulated_tickets: Counter<u64>,
    suggestions: Counter<u64>,
    lessons: Counter<u64>,
    trainings: Counter<u64>,
    training: Histogram<f64>,
}

/// What is to be counted of a batch of tickets' events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    decisions: BTreeMap<&'static str, u64>,
    answers: BTreeMap<&'static str, u64>,
    nobody_able: u64,
    /// People for whom capacity was reserved by a strategy.
    reserved: BTreeSet<String>,
}

impl Counts {
    /// An answer was noted.
    pub fn answered(&mut self, answer: AnswerKind) {
        *self.answers.entry(name(answer)).or_default() += 1;
    }

    /// A decision was written.
    pub fn decided(&mut self, decided: &Decided) {
        let by = match (decided.rule_revision, decided.area_id) {
            (Some(_), _) => "rule",
            (None, Some(_)) => "area",
            (None, None) if decided.target.unit_id().is_none() => "pool",
            (None, None) if decided.explanation.desks.is_empty() => "responsible",
            (None, None) => "desk",
        };
        *self.decisions.entry(by).or_default() += 1;
        // The last strategy that was asked may have named somebody; all before it found nobody.
        let asked = &decided.explanation.staff;
        let named =
            |trial: &StaffTrial| trial.people().iter().any(|person| person.outcome == PersonOutcome::Chosen);
        let chosen = decided.target.person_id().filter(|_| asked.last().is_some_and(named));
        let nobody = asked.len().saturating_sub(usize::from(chosen.is_some()));
        self.nobody_able += u64::try_from(nobody).unwrap_or(0);
        self.reserved.extend(chosen.map(ToOwned::to_owned));
    }

    /// With those of more.
    pub fn add(&mut self, more: Self) {
        for (by, times) in more.decisions {
            *self.decisions.entry(by).or_default() += times;
        }
        for (answer, times) in more.answers {
            *self.answers.entry(answer).or_default() += times;
        }
        self.nobody_able += more.nobody_able;
        self.reserved.extend(more.reserved);
    }
}

const fn name(answer: AnswerKind) -> &'static str {
    match answer {
        AnswerKind::Dispatched => "dispatched",
        AnswerKind::Pooled => "pooled",
        AnswerKind::Transferred => "transferred",
        AnswerKind::Refused => "refused",
    }
}

/// How a simulation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimulationEnd {
    /// With its outcome.
    Finished,
    /// Nobody waited for it any more.
    Cancelled,
    /// With an error.
    Failed,
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
            rule_sets: counter("gongdan.routing.rule_sets", "Sets of rules published or rolled back to"),
            simulations: counter("gongdan.routing.simulations", "Simulations of rules by how they ended"),
            simulated_tickets: counter("gongdan.routing.simulated_tickets", "Tickets rules were tried on"),
            suggestions: counter("gongdan.routing.suggestions", "Suggestions asked for"),
            lessons: counter(
                "gongdan.routing.lessons",
                "Tickets that resolved, by what would have been suggested first",
            ),
            trainings: counter("gongdan.routing.trainings", "Trainings that ended"),
            // A few tickets take a tenth of a second, the most that are read some minutes.
            training: meter
                .f64_histogram("gongdan.routing.training.duration")
                .with_unit("s")
                .with_description("How long trainings took")
                .with_boundaries(vec![0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0])
                .build(),
            reservations: counter(
                "gongdan.routing.reservations",
                "People for whom capacity was reserved; lost: another replica was faster, it was decided again",
            ),
            nobody_able: counter(
                "gongdan.routing.nobody_able",
                "Rules with a strategy that held when nobody of the unit could take the ticket",
            ),
            reassignments: counter(
                "gongdan.routing.reassignments",
                "Reassignments of a person's tickets that are over",
            ),
            reassignment_failures: counter(
                "gongdan.routing.reassignment_failures",
                "Times that a reassignment did not get on and was put off",
            ),
            reassigned_tickets: counter(
                "gongdan.routing.reassigned_tickets",
                "Tickets of reassignments whose turn came, by what came of it",
            ),
            units_changed: counter(
                "gongdan.routing.units_changed",
                "Planned changes of units that took effect",
            ),
            areas_changed: counter(
                "gongdan.routing.areas_changed",
                "Planned changes of areas that took effect",
            ),
            principals_changed: counter(
                "gongdan.routing.principals_changed",
                "Planned changes of principals whose time came, by what came of them",
            ),
        };
        for by in ["rule", "responsible", "area", "desk", "pool"] {
            metrics.decisions.add(0, &[KeyValue::new("by", by)]);
        }
        for answer in
            [AnswerKind::Dispatched, AnswerKind::Pooled, AnswerKind::Transferred, AnswerKind::Refused]
        {
            metrics.answers.add(0, &[KeyValue::new("answer", name(answer))]);
        }
        metrics.sent_again(0);
        for stopped in [false, true] {
            metrics.ended_reassignment(stopped, 0);
        }
        metrics.reassignment_failures.add(0, &[]);
        for state in [TicketState::Open, TicketState::NobodyAble, TicketState::MovedOn] {
            metrics.reassigned(state, 0);
        }
        for by in ["draft", "roll_back"] {
            metrics.rule_sets.add(0, &[KeyValue::new("by", by)]);
        }
        for end in [SimulationEnd::Finished, SimulationEnd::Cancelled, SimulationEnd::Failed] {
            metrics.ended(end, 0);
        }
        metrics.simulated_tickets(0);
        for answer in ["given", "none"] {
            metrics.suggestions.add(0, &[KeyValue::new("answer", answer)]);
        }
        for of in ["item", "unit"] {
            for answer in ["right", "wrong", "none", "left"] {
                metrics.lesson(of, answer, 0);
            }
        }
        for outcome in ["succeeded", "failed"] {
            metrics.trainings.add(0, &[KeyValue::new("outcome", outcome)]);
        }
        metrics.reserved(0);
        metrics.reservations.add(0, &[KeyValue::new("outcome", "lost")]);
        metrics.nobody_able.add(0, &[]);
        metrics.took_effect(&Begun::default());
        metrics
    }

    /// Counts what a batch came to.
    pub fn count(&self, counts: &Counts) {
        for (by, decisions) in &counts.decisions {
            self.decisions.add(*decisions, &[KeyValue::new("by", *by)]);
        }
        for (answer, times) in &counts.answers {
            self.answers.add(*times, &[KeyValue::new("answer", *answer)]);
        }
        self.nobody_able.add(counts.nobody_able, &[]);
        self.reserved(u64::try_from(counts.reserved.len()).unwrap_or(0));
    }

    /// Counts people for whom capacity was reserved.
    pub fn reserved(&self, people: u64) {
        self.reservations.add(people, &[KeyValue::new("outcome", "made")]);
    }

    /// Counts a reservation for which another replica was faster.
    pub fn reservation_lost(&self) {
        self.reservations.add(1, &[KeyValue::new("outcome", "lost")]);
    }

    /// Counts planned changes of units, principals and areas whose time came.
    pub fn took_effect(&self, begun: &Begun) {
        let count = |times: usize| u64::try_from(times).unwrap_or(u64::MAX);
        self.units_changed.add(count(begun.units), &[]);
        self.areas_changed.add(count(begun.areas), &[]);
        for (outcome, times) in [("changed", begun.principals.len()), ("failed", begun.failed)] {
            self.principals_changed.add(count(times), &[KeyValue::new("outcome", outcome)]);
        }
    }

    /// Counts a reassignment that is over.
    pub fn reassignment_over(&self, stopped: bool) {
        self.ended_reassignment(stopped, 1);
    }

    fn ended_reassignment(&self, stopped: bool, times: u64) {
        let end = if stopped { "stopped" } else { "finished" };
        self.reassignments.add(times, &[KeyValue::new("end", end)]);
    }

    /// Counts a time that a reassignment did not get on.
    pub fn reassignment_failed(&self) {
        self.reassignment_failures.add(1, &[]);
    }

    /// Counts tickets of reassignments whose turn came.
    pub fn reassigned(&self, state: TicketState, times: u64) {
        let outcome = match state {
            TicketState::NobodyAble => "nobody_able",
            TicketState::MovedOn => "moved_on",
            _ => "decided",
        };
        self.reassigned_tickets.add(times, &[KeyValue::new("outcome", outcome)]);
    }

    /// Counts decisions sent again.
    pub fn sent_again(&self, times: u64) {
        self.sent_again.add(times, &[]);
    }

    /// Counts a set that was published or rolled back to.
    pub fn published(&self, kind: SetKind) {
        let by = if kind == SetKind::RollBack { "roll_back" } else { "draft" };
        self.rule_sets.add(1, &[KeyValue::new("by", by)]);
    }

    /// Counts a simulation.
    pub fn simulated(&self, end: SimulationEnd) {
        self.ended(end, 1);
    }

    fn ended(&self, end: SimulationEnd, times: u64) {
        let end = match end {
            SimulationEnd::Finished => "finished",
            SimulationEnd::Cancelled => "cancelled",
            SimulationEnd::Failed => "failed",
        };
        self.simulations.add(times, &[KeyValue::new("end", end)]);
    }

    /// Counts tickets that rules were tried on.
    pub fn simulated_tickets(&self, tickets: usize) {
        self.simulated_tickets.add(u64::try_from(tickets).unwrap_or(u64::MAX), &[]);
    }

    /// Counts a suggestion that was asked for.
    pub fn suggested(&self, none: bool) {
        self.suggestions.add(1, &[KeyValue::new("answer", if none { "none" } else { "given" })]);
    }

    /// Counts tickets that were learnt from, and those that were not.
    pub fn learnt(&self, said: &[Hits], left: usize) {
        for hits in said {
            for (of, right) in [("item", hits.item), ("unit", hits.unit)] {
                let answer = match right {
                    Some(true) => "right",
                    Some(false) => "wrong",
                    None => "none",
                };
                self.lesson(of, answer, 1);
            }
        }
        for of in ["item", "unit"] {
            self.lesson(of, "left", u64::try_from(left).unwrap_or(0));
        }
    }

    fn lesson(&self, of: &'static str, answer: &'static str, times: u64) {
        self.lessons.add(times, &[KeyValue::new("of", of), KeyValue::new("answer", answer)]);
    }

    /// Counts a training that ended.
    pub fn trained(&self, succeeded: bool, seconds: f64) {
        let outcome = if succeeded { "succeeded" } else { "failed" };
        self.trainings.add(1, &[KeyValue::new("outcome", outcome)]);
        self.training.record(seconds, &[]);
    }
}
