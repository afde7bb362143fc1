//! Choosing a person.

use super::{Staff, Strategy, StrategyTarget};
use crate::{
    decide::Directory,
    duty::Standing,
    explanation::{PersonOutcome, PersonTrial, StaffTrial},
};
use jiff::Timestamp;
use std::cmp::Ordering;

/// A ticket as strategies see it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who had the customer's last ticket about the same item.
    pub last_handler: Option<&'a str>,
    /// People who returned it in this round.
    pub returned_by: &'a [String],
    /// People who claimed it in this round and put it back.
    pub put_back_by: &'a [String],
    /// Only who may see sensitive tickets can take it.
    pub sensitive: bool,
    /// A number of the ticket's own: who comes first of equals.
    pub lot: u64,
    /// When.
    pub at: Timestamp,
    /// Who hands it over, and so cannot get it.
    pub from: Option<&'a str>,
    /// The only one who is considered.
    pub only: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Who gets it; none: nobody can take it.
    pub person_id: Option<String>,
    /// How many could have taken it.
    pub able: usize,
    /// Everybody who was considered.
    pub trial: StaffTrial,
}

/// Somebody who could take it.
struct Candidate<'a> {
    id: &'a str,
    load: u32,
    capacity: u32,
    score: u32,
    /// Place in the order of ids.
    place: usize,
}

/// Chooses one of a unit's people and notes it; none when their loads have to be asked for first.
#[must_use]
pub fn pick(
    directory: &Directory,
    rule: (i64, &str),
    target: &StrategyTarget,
    asked: &Asked<'_>,
    staff: &mut Staff,
) -> Option<Picked> {
    if !staff.knows(&target.unit_id) {
        return None;
    }
    let members = directory.members(&target.unit_id);
    let (mut able, others) = consider(directory, target, asked, staff, members);
    let size = members.len().max(1);
    let lot = usize::try_from(asked.lot % u64::try_from(size).unwrap_or(1)).unwrap_or(0);
    // Equals come in a circle that begins elsewhere for each ticket.
    let by_lot = |one: &Candidate<'_>| (one.place + size - lot) % size;
    let turn = staff.turn(rule.1).map(ToOwned::to_owned);
    match target.strategy {
        Strategy::RoundRobin => {
            let behind = |one: &Candidate<'_>| turn.as_deref().is_some_and(|last| one.id <= last);
            able.sort_by_key(|one| (behind(one), one.place));
        }
        Strategy::LeastLoaded => {
            able.sort_by(|a, b| a.lighter(b).then_with(|| by_lot(a).cmp(&by_lot(b))));
        }
        Strategy::SkillWeighted => {
            able.sort_by(|a, b| {
                a.fitter(b).then_with(|| a.lighter(b)).then_with(|| by_lot(a).cmp(&by_lot(b)))
            });
        }
        Strategy::LastHandler => {
            let other = |one: &Candidate<'_>| Some(one.id) != asked.last_handler;
            able.sort_by(|a, b| {
                other(a).cmp(&other(b)).then_with(|| a.lighter(b)).then_with(|| by_lot(a).cmp(&by_lot(b)))
            });
        }
    }
    let trial = trial(rule.0, target, &able, others);
    let chosen = able.first().map(|first| (first.id.to_owned(), first.capacity));
    if let Some((person, capacity)) = &chosen {
        staff.take(person, *capacity);
        if target.strategy == Strategy::RoundRobin {
            staff.turn_to(rule.1, person);
        }
    }
    Some(Picked { person_id: chosen.map(|(person, _)| person), able: able.len(), trial })
}

/// Those who could take it, and the others with why not.
fn consider<'a>(
    directory: &'a Directory,
    target: &StrategyTarget,
    asked: &Asked<'_>,
    staff: &Staff,
    members: &'a [String],
) -> (Vec<Candidate<'a>>, Vec<PersonTrial>) {
    let duty = directory.duty().unit(&target.unit_id, asked.at);
    let (mut able, mut others) = (Vec::new(), Vec::new());
    if let Some(only) = asked.only.filter(|only| !members.iter().any(|id| id == only)) {
        others.push(PersonTrial::of(only, PersonOutcome::NotOfUnit));
    }
    for (place, id) in members.iter().enumerate() {
        if asked.only.is_some_and(|only| id != only) {
            continue;
        }
        let Some(entry) = directory.person(id) else { continue };
        let mut no = |outcome| others.push(PersonTrial::of(id, outcome));
        if asked.from == Some(id.as_str()) {
            no(PersonOutcome::HandsOver);
            continue;
        }
        if !entry.active {
            no(PersonOutcome::Inactive);
            continue;
        }
        if asked.sensitive && !directory.sees_sensitive(id) {
            no(PersonOutcome::MayNotSeeIt);
            continue;
        }
        if asked.put_back_by.contains(id) {
            no(PersonOutcome::PutItBack);
            continue;
        }
        if asked.returned_by.contains(id) {
            no(PersonOutcome::ReturnedIt);
            continue;
        }
        match duty.of(id) {
            Standing::OnDuty(_) => {}
            Standing::OnLeave { .. } => {
                no(PersonOutcome::OnLeave);
                continue;
            }
            Standing::OffDuty => {
                no(PersonOutcome::OffDuty);
                continue;
            }
            Standing::Replaced { .. } => {
                no(PersonOutcome::Replaced);
                continue;
            }
        }
        let score = score(target, &entry.skills);
        if score == 0 {
            no(PersonOutcome::LacksSkill);
            continue;
        }
        let capacity = capacity(directory, target, staff, id);
        let load = staff.load(id).total();
        if load >= capacity {
            others.push(PersonTrial { load, capacity, ..PersonTrial::of(id, PersonOutcome::Full) });
            continue;
        }
        able.push(Candidate { id, load, capacity, score, place });
    }
    (able, others)
}

/// How many tickets a person may have.
fn capacity(directory: &Directory, target: &StrategyTarget, staff: &Staff, person: &str) -> u32 {
    let said = directory.capacity(&target.unit_id, target.capacity, person);
    said.unwrap_or(staff.default_capacity())
}

/// How well skills fit, from 1; 0: they do not. The first of three counts 3, the last 1.
fn score(target: &StrategyTarget, skills: &[String]) -> u32 {
    let has = |skill: &&String| skills.contains(skill);
    if target.skills.is_empty() {
        return 1;
    }
    if target.strategy != Strategy::SkillWeighted {
        return u32::from(target.skills.iter().all(|skill| has(&skill)));
    }
    let weights = (1_u32..).zip(target.skills.iter().rev());
    weights.filter(|(_, skill)| has(skill)).map(|(weight, _)| weight).sum()
}

fn trial(
    revision: i64,
    target: &StrategyTarget,
    able: &[Candidate<'_>],
    others: Vec<PersonTrial>,
) -> StaffTrial {
    let considered = able.iter().enumerate().map(|(n, one)| PersonTrial {
        person: one.id.to_owned(),
        outcome: if n == 0 { PersonOutcome::Chosen } else { PersonOutcome::Behind },
        load: one.load,
        capacity: one.capacity,
        score: if target.strategy == Strategy::SkillWeighted { one.score } else { 0 },
    });
    StaffTrial::new(revision, target.strategy, considered.chain(others).collect())
}

impl Candidate<'_> {
    /// Which has the smaller part of its capacity taken.
    fn lighter(&self, other: &Self) -> Ordering {
        let share = |one: &Self, its: &Self| u64::from(one.load) * u64::from(its.capacity);
        share(self, other).cmp(&share(other, self))
    }

    /// Which has the higher product of score and free part.
    fn fitter(&self, other: &Self) -> Ordering {
        let weight = |one: &Self, its: &Self| {
            u128::from(one.score) * u128::from(one.capacity - one.load) * u128::from(its.capacity)
        };
        weight(other, self).cmp(&weight(self, other))
    }
}
