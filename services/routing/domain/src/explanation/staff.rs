//! Who was considered for a ticket, and why each did not get it.

use super::codes::codes;
use crate::strategy::Strategy;
use serde::{Deserialize, Serialize};

/// Most people that one trial names; of the others it says how many there were.
const MOST_NAMED: usize = 200;

codes! {
    /// What came of considering a person. The numbers are stored.
    pub enum PersonOutcome {
        /// Gets it.
        Chosen = 1,
        /// Could have taken it; somebody else came first.
        Behind = 2,
        /// Has as many tickets as their capacity allows.
        Full = 3,
        /// Has no shift at this time.
        OffDuty = 4,
        /// Is on leave.
        OnLeave = 5,
        /// Somebody else has their shift this time.
        Replaced = 6,
        /// Lacks a skill that is needed.
        LacksSkill = 7,
        /// Returned it in this round.
        ReturnedIt = 8,
        /// Is not active any more.
        Inactive = 9,
        /// Hands their tickets over.
        HandsOver = 10,
        /// Handles no tickets in the unit.
        NotOfUnit = 11,
        /// May not see sensitive tickets, and it is one.
        MayNotSeeIt = 12,
        /// Claimed it in this round and put it back.
        PutItBack = 13,
    }
}

impl PersonOutcome {
    /// For people: `2 off duty`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Behind => "behind",
            Self::Full => "full",
            Self::OffDuty => "off duty",
            Self::OnLeave => "on leave",
            Self::Replaced => "replaced",
            Self::LacksSkill => "without the skill",
            Self::ReturnedIt => "returned it",
            Self::Inactive => "inactive",
            Self::HandsOver => "handing over",
            Self::NotOfUnit => "not of the unit",
            Self::MayNotSeeIt => "may not see sensitive tickets",
            Self::PutItBack => "put it back",
        }
    }
}

/// A person who was considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTrial {
    /// Who.
    pub person: String,
    /// What came of it.
    pub outcome: PersonOutcome,
    /// Tickets in hand; only of those who are on duty and fit.
    pub load: u32,
    /// How many they may have; 0: it was not looked at.
    pub capacity: u32,
    /// How well their skills fit; 0: it was not looked at.
    pub score: u32,
}

/// With load, capacity and score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Numbers(String, PersonOutcome, u32, u32, u32);

/// The people that one rule considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffTrial {
    /// The rule's revision.
    #[serde(rename = "r")]
    pub revision: i64,
    /// Its strategy.
    #[serde(rename = "s")]
    pub strategy: Strategy,
    /// Those whose numbers were looked at, whom the strategy names first ahead.
    #[serde(default, rename = "w", skip_serializing_if = "Vec::is_empty")]
    weighed: Vec<Numbers>,
    /// The others, by why not.
    #[serde(default, rename = "o", skip_serializing_if = "Vec::is_empty")]
    others: Vec<(PersonOutcome, Vec<String>)>,
    /// How many more there were, by why not.
    #[serde(default, rename = "m", skip_serializing_if = "Vec::is_empty")]
    more: Vec<(PersonOutcome, u32)>,
}

impl PersonTrial {
    /// Without numbers.
    #[must_use]
    pub fn of(person: &str, outcome: PersonOutcome) -> Self {
        Self { person: person.to_owned(), outcome, load: 0, capacity: 0, score: 0 }
    }
}

impl StaffTrial {
    /// Of everybody who was considered, in order.
    #[must_use]
    pub fn new(revision: i64, strategy: Strategy, people: Vec<PersonTrial>) -> Self {
        let mut trial =
            Self { revision, strategy, weighed: Vec::new(), others: Vec::new(), more: Vec::new() };
        for (n, person) in people.into_iter().enumerate() {
            let outcome = person.outcome;
            if n >= MOST_NAMED {
                match trial.more.iter_mut().find(|(of, _)| *of == outcome) {
                    Some((_, count)) => *count += 1,
                    None => trial.more.push((outcome, 1)),
                }
            } else if person.capacity > 0 {
                trial.weighed.push(Numbers(
                    person.person,
                    outcome,
                    person.load,
                    person.capacity,
                    person.score,
                ));
            } else {
                match trial.others.iter_mut().find(|(of, _)| *of == outcome) {
                    Some((_, people)) => people.push(person.person),
                    None => trial.others.push((outcome, vec![person.person])),
                }
            }
        }
        trial
    }

    /// Everybody whom it names.
    #[must_use]
    pub fn people(&self) -> Vec<PersonTrial> {
        let weighed =
            self.weighed.iter().map(|Numbers(person, outcome, load, capacity, score)| PersonTrial {
                person: person.clone(),
                outcome: *outcome,
                load: *load,
                capacity: *capacity,
                score: *score,
            });
        let others = self
            .others
            .iter()
            .flat_map(|(outcome, people)| people.iter().map(|person| PersonTrial::of(person, *outcome)));
        weighed.chain(others).collect()
    }

    /// How many were considered that it does not name, by what came of it.
    #[must_use]
    pub fn more(&self) -> &[(PersonOutcome, u32)] {
        &self.more
    }

    /// `3 off duty, 2 full`
    #[must_use]
    pub fn reasons(&self) -> String {
        let counted = |outcome: PersonOutcome| {
            let weighed = self.weighed.iter().filter(|person| person.1 == outcome).count();
            let others: usize =
                self.others.iter().filter(|(of, _)| *of == outcome).map(|(_, people)| people.len()).sum();
            let more: u32 = self.more.iter().filter(|(of, _)| *of == outcome).map(|(_, count)| *count).sum();
            weighed + others + usize::try_from(more).unwrap_or(usize::MAX)
        };
        let said: Vec<String> = PersonOutcome::ALL
            .iter()
            .map(|outcome| (counted(*outcome), outcome))
            .filter(|(count, _)| *count > 0)
            .map(|(count, outcome)| format!("{count} {}", outcome.words()))
            .collect();
        if said.is_empty() { "it has no people who handle tickets".to_owned() } else { said.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_names_many_and_counts_the_rest() {
        let mut people =
            vec![PersonTrial { load: 3, capacity: 10, ..PersonTrial::of("li.wei", PersonOutcome::Chosen) }];
        people.extend((0..300).map(|n| PersonTrial::of(&format!("p{n:03}"), PersonOutcome::OffDuty)));
        let trial = StaffTrial::new(7, Strategy::LeastLoaded, people.clone());
        let stored = serde_json::to_string(&trial).unwrap();
        assert!(stored.len() < 1_600, "{} bytes", stored.len());
        let read: StaffTrial = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, trial);
        assert_eq!(read.people(), people[..MOST_NAMED]);
        assert_eq!(read.more(), [(PersonOutcome::OffDuty, 101)]);
        assert_eq!(read.reasons(), "1 chosen, 300 off duty");
    }
}
