//! Rules tried on past tickets, beside those in force: what would go elsewhere, and what came of each rule. Source: R4.
//!
//! Each ticket is tried for itself, by both sides alike: as if nobody had anything in hand. When a ticket would have left
//! somebody's hands is not known, so that loads that grew with each decision would fill everybody up.
//!
//! What is kept grows with the pairs of places, not with the tickets.

mod tally;

use crate::{
    Decided, Directory, History, Target, TicketFacts,
    condition::deep,
    decide::{Moment, decide},
    responsible::Answerable,
};
use jiff::Timestamp;
use std::collections::HashMap;
use tally::Tallies;

pub use tally::Tally;

/// Most pairs of places that are told apart.
const MAX_PAIRS: usize = 10_000;

/// A ticket of the past as it was submitted.
#[derive(Debug, Clone)]
pub struct Past<K> {
    /// What the caller knows it by.
    pub key: K,
    /// What conditions see.
    pub facts: TicketFacts,
    /// When it was submitted: what conditions see as the time.
    pub submitted_at: Timestamp,
    /// Who answers for its asset or its customer now.
    pub answerable: Vec<Answerable>,
}

/// Where a ticket goes, whatever the reason. Whom a strategy would name is left out: that depends on what people had in hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The unit, or the one in whose pool it waits; none: the manual pool.
    pub unit_id: Option<String>,
    /// The person; none: any of the unit.
    pub person_id: Option<String>,
    /// It waits in a pool.
    pub pool: bool,
}

/// A ticket that would go elsewhere, with both reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example<K> {
    /// The ticket.
    pub key: K,
    /// Why it goes where the rules in force send it.
    pub before: String,
    /// Why it would go where the others send it.
    pub after: String,
}

/// Tickets that would go from one place to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair<K> {
    /// Where the rules in force send them.
    pub from: Place,
    /// Where the others would.
    pub to: Place,
    /// How many.
    pub tickets: usize,
    /// The first of them.
    pub examples: Vec<Example<K>>,
}

/// What would be different.
#[derive(Debug, Clone)]
pub struct Difference<K> {
    /// Tickets tried.
    pub tickets: usize,
    /// Tickets that would go elsewhere.
    pub elsewhere: usize,
    /// Tickets that would go where they go, with other marks.
    pub other_marks: usize,
    /// From where to where, most frequent first.
    pub pairs: Vec<Pair<K>>,
    /// Tickets that go elsewhere between places that are not among `pairs`.
    pub in_other_pairs: usize,
    /// What came of each rule that was tried, in order, by its revision.
    pub rules: Vec<(i64, Tally)>,
}

/// How many tickets there are of a pair, and the first of them.
type Shown<K> = (usize, Vec<Example<K>>);

/// A simulation that goes on.
#[derive(Debug)]
pub struct Simulation<K> {
    examples: usize,
    tickets: usize,
    elsewhere: usize,
    other_marks: usize,
    pairs: HashMap<(Place, Place), Shown<K>>,
    in_other_pairs: usize,
    tallies: Tallies,
}

impl<K: Clone> Simulation<K> {
    /// Of a directory's rules, with so many examples of each pair.
    #[must_use]
    pub fn new(after: &Directory, examples: usize) -> Self {
        Self {
            examples,
            tickets: 0,
            elsewhere: 0,
            other_marks: 0,
            pairs: HashMap::new(),
            in_other_pairs: 0,
            tallies: Tallies::new(after.rules().iter().map(|rule| rule.revision)),
        }
    }

    /// Tickets tried so far, and of them those that go elsewhere.
    #[must_use]
    pub const fn so_far(&self) -> (usize, usize) {
        (self.tickets, self.elsewhere)
    }

    /// Tries tickets: by the rules in force and by the others, both among units and people as they are at an instant.
    pub fn try_on(&mut self, before: &Directory, after: &Directory, tickets: &[Past<K>], at: Timestamp)
    where
        K: Sync,
    {
        let decided: Vec<_> = deep(|| {
            let both = |ticket: &Past<K>| {
                let moment = Moment { at, civil: ticket.submitted_at };
                let history = History { answerable: ticket.answerable.clone(), ..History::default() };
                let one = |directory| decide(directory, &ticket.facts, &history, moment);
                (one(before), one(after))
            };
            tickets.iter().map(both).collect()
        });
        for (ticket, (before, after)) in tickets.iter().zip(decided) {
            self.take(&ticket.key, &before, &after);
        }
    }

    fn take(&mut self, key: &K, before: &Decided, after: &Decided) {
        self.tickets += 1;
        self.tallies.take(&after.explanation);
        let (from, to) = (Place::of(before), Place::of(after));
        if from == to {
            self.other_marks += usize::from(marks(before) != marks(after));
            return;
        }
        self.elsewhere += 1;
        let pair = (from, to);
        if self.pairs.len() >= MAX_PAIRS && !self.pairs.contains_key(&pair) {
            self.in_other_pairs += 1;
            return;
        }
        let (tickets, examples) = self.pairs.entry(pair).or_default();
        *tickets += 1;
        if examples.len() < self.examples {
            examples.push(Example {
                key: key.clone(),
                before: before.summary.clone(),
                after: after.summary.clone(),
            });
        }
    }

    /// What came out, with at most `most` pairs.
    #[must_use]
    pub fn finish(self, most: usize) -> Difference<K> {
        let mut pairs: Vec<_> = self
            .pairs
            .into_iter()
            .map(|((from, to), (tickets, examples))| Pair { from, to, tickets, examples })
            .collect();
        pairs.sort_by(|a, b| b.tickets.cmp(&a.tickets).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
        let rest: usize = pairs.iter().skip(most).map(|pair| pair.tickets).sum();
        pairs.truncate(most);
        Difference {
            tickets: self.tickets,
            elsewhere: self.elsewhere,
            other_marks: self.other_marks,
            pairs,
            in_other_pairs: self.in_other_pairs + rest,
            rules: self.tallies.finish(),
        }
    }
}

impl Place {
    fn of(decided: &Decided) -> Self {
        let by_strategy =
            decided.explanation.staff.iter().any(|trial| Some(trial.revision) == decided.rule_revision);
        match &decided.target {
            Target::Dispatch { unit_id, person_id } => Self {
                unit_id: Some(unit_id.clone()),
                person_id: person_id.clone().filter(|_| !by_strategy),
                pool: false,
            },
            Target::Pool { unit_id, .. } => Self { unit_id: unit_id.clone(), person_id: None, pool: true },
        }
    }
}

fn marks(decided: &Decided) -> (&[String], bool, u8) {
    (&decided.assisting_unit_ids, decided.mark_sensitive, decided.set_priority)
}

#[cfg(test)]
mod tests;
