//! What came of each rule.

use crate::{
    Explanation, Outcome,
    explanation::{Detail, RuleTrial},
};
use std::collections::HashMap;

/// What came of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tickets on which it was tried.
    pub tried: usize,
    /// Tickets it decided about.
    pub decided: usize,
    /// Tickets it added marks to, without deciding.
    pub marked: usize,
    /// Tickets it held for, but whose target could not take them.
    pub passed_over: usize,
    /// Tickets on which its condition could not be worked out.
    pub failed: usize,
    /// Why, the first time.
    pub failure: String,
}

/// Rules in order, each with what came of it.
#[derive(Debug)]
pub(super) struct Tallies {
    at: HashMap<i64, usize>,
    rules: Vec<(i64, Tally)>,
}

impl Tallies {
    pub(super) fn new(revisions: impl Iterator<Item = i64>) -> Self {
        let rules: Vec<_> = revisions.map(|revision| (revision, Tally::default())).collect();
        Self { at: rules.iter().enumerate().map(|(n, (revision, _))| (*revision, n)).collect(), rules }
    }

    pub(super) fn take(&mut self, explanation: &Explanation) {
        for RuleTrial(revision, outcome, detail) in &explanation.rules {
            let Some((_, tally)) = self.at.get(revision).and_then(|n| self.rules.get_mut(*n)) else {
                continue;
            };
            tally.tried += 1;
            match outcome {
                Outcome::NotMatched | Outcome::LessSpecific => {}
                Outcome::Chosen => tally.decided += 1,
                Outcome::Marked => tally.marked += 1,
                Outcome::Failed => {
                    tally.failed += 1;
                    if let (true, Some(Detail::Text(why))) = (tally.failure.is_empty(), detail) {
                        tally.failure.clone_from(why);
                    }
                }
                _ => tally.passed_over += 1,
            }
        }
    }

    pub(super) fn finish(self) -> Vec<(i64, Tally)> {
        self.rules
    }
}
