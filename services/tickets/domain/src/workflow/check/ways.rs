//! Whether every step is reached and left, and every transition can be taken.

use super::{
    super::{
        checked::{Step, Transition},
        definition::START,
        facts::{LASTING, SAMPLES},
        moves::Move,
    },
    Check,
};
use crate::vocabulary::Phase;
use gongdan_cel::{Expression, Verdict, deep};
use std::collections::BTreeSet;

impl Check<'_> {
    /// Names transitions that can never be taken because one before them always is.
    pub(super) fn shadowed(&mut self, steps: &[Step], transitions: &[Transition]) {
        for (number, later) in transitions.iter().enumerate() {
            for &from in &later.from {
                let earlier = transitions[..number].iter().position(|earlier| {
                    earlier.action == later.action
                        && earlier.from.contains(&from)
                        && (earlier.to == later.to
                            || steps[earlier.to].phase == steps[later.to].phase && !later.action.is_chosen())
                        && earlier.guard.is_none()
                        && earlier.roles.is_empty()
                });
                if let Some(earlier) = earlier {
                    let from = from.map_or(START, |place| steps[place].key.as_str());
                    self.fault(
                        format!("transition[{}]", number + 1),
                        format!("never taken from `{from}`: transition[{}] always is", earlier + 1),
                    );
                }
            }
        }
    }

    /// Names steps that cannot be reached, that lead nowhere, and where programs cannot do their part.
    pub(super) fn reach(&mut self, steps: &[Step], transitions: &[Transition]) {
        let reached = forward(steps.len(), transitions);
        for (place, step) in steps.iter().enumerate() {
            if !reached.contains(&place) {
                self.fault(
                    format!("step[{}]", place + 1),
                    format!("`{}` cannot be reached from the start", step.key),
                );
            }
        }
        if !transitions.iter().any(|t| t.action == Move::Submit && t.from.contains(&None)) {
            self.fault("transition", "no `submit` leads from the start: no ticket could be taken down");
        }
        let mut stuck: BTreeSet<usize> = BTreeSet::new();
        let all: Vec<&Transition> = transitions.iter().collect();
        let out = backward(steps, &all);
        for (place, step) in steps.iter().enumerate() {
            if step.phase == Phase::Cancelled || step.phase == Phase::Closed || out.contains(&place) {
                continue;
            }
            stuck.insert(place);
            let leaves = transitions.iter().any(|t| t.from.contains(&Some(place)));
            let what =
                if leaves { "no way leads out to a closed ticket" } else { "nothing leads on: a dead end" };
            self.fault(format!("step[{}]", place + 1), format!("`{}`: {what}", step.key));
        }
        for (sample, open) in SAMPLES.iter().zip(open_on_samples(transitions)) {
            let open: Vec<&Transition> = transitions
                .iter()
                .zip(open)
                .filter(|(_, open)| *open)
                .map(|(transition, _)| transition)
                .collect();
            let out = backward(steps, &open);
            for (place, step) in steps.iter().enumerate() {
                let over = matches!(step.phase, Phase::Cancelled | Phase::Closed);
                if !over && !out.contains(&place) && stuck.insert(place) {
                    self.fault(
                        format!("step[{}]", place + 1),
                        format!(
                            "`{}`: for the sample \"{}\" the guards leave no way out",
                            step.key, sample.name
                        ),
                    );
                }
            }
        }
        self.programs(steps, transitions);
    }

    /// What routing, callback and the timers do must be possible wherever they do it.
    fn programs(&mut self, steps: &[Step], transitions: &[Transition]) {
        for (place, step) in steps.iter().enumerate() {
            let needed: &[Move] = match step.phase {
                Phase::PendingDispatch => &[Move::Dispatch],
                Phase::Resolved | Phase::InCallback => &[Move::Close],
                Phase::InReview => &[Move::Reject],
                _ => &[],
            };
            for action in needed {
                if !transitions.iter().any(|t| t.action == *action && t.from.contains(&Some(place))) {
                    self.fault(
                        format!("step[{}]", place + 1),
                        format!("`{}` needs a way for `{action}`", step.key),
                    );
                }
            }
            if step.phase == Phase::InReview
                && !transitions.iter().any(|t| {
                    matches!(t.action, Move::Approve | Move::Resolve) && t.from.contains(&Some(place))
                })
            {
                let message = format!("`{}` needs a way for `approve` or `resolve`", step.key);
                self.fault(format!("step[{}]", place + 1), message);
            }
        }
    }
}

/// The steps that are reached from the start.
fn forward(steps: usize, transitions: &[Transition]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    for _ in 0..=steps {
        for transition in transitions {
            if transition.from.iter().any(|from| from.is_none_or(|from| reached.contains(&from))) {
                reached.insert(transition.to);
            }
        }
    }
    reached
}

/// The steps from which a closed ticket is reached otherwise than by giving up.
fn backward(steps: &[Step], transitions: &[&Transition]) -> BTreeSet<usize> {
    let mut out: BTreeSet<usize> =
        (0..steps.len()).filter(|place| steps[*place].phase == Phase::Closed).collect();
    for _ in 0..=steps.len() {
        for transition in transitions {
            if !transition.action.gives_up() && out.contains(&transition.to) {
                out.extend(transition.from.iter().flatten());
            }
        }
    }
    out
}

/// For each sample, which transitions it could take: guards over what changes on the way may hold one day.
fn open_on_samples(transitions: &[Transition]) -> Vec<Vec<bool>> {
    let lasting = |expression: &Expression| expression.reads_only(&LASTING);
    deep(|| {
        SAMPLES
            .iter()
            .map(|sample| {
                transitions
                    .iter()
                    .map(|transition| {
                        transition.guard.as_ref().is_none_or(|guard| {
                            !lasting(&guard.expression) || guard.expression.verdict(sample) == Verdict::Holds
                        })
                    })
                    .collect()
            })
            .collect()
    })
}
