//! What is allowed in an organisation, and nevertheless somebody has to do something about. Source: R1.

mod people;
mod units;

use crate::{Area, AreaKey, AreaPlan, PersonEntry, Planned, Rule, Unit, duty::DutyBook, duty::Roster};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Names that are told; more are counted.
const NAMES: usize = 5;

/// What is to be looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A unit ends, or ended, and holds tickets.
    UnitEndsWithTickets,
    /// A unit ends, or ended, and areas name it.
    UnitEndsWithAreas,
    /// A unit ends, or ended, and rules name it.
    UnitEndsWithRules,
    /// A unit ends, or ended, and rosters are of it.
    UnitEndsWithRosters,
    /// A unit ends, or ended, and units below it go on.
    UnitEndsAboveOthers,
    /// A unit has tickets, areas or rules and nobody active who handles tickets.
    UnitWithoutPeople,
    /// A unit has rosters by which nobody is on duty in the next days.
    NobodyOnDuty,
    /// A person who is not active, or not of the unit any more, holds tickets.
    PersonGoneWithTickets,
    /// Rules name a person who is not active.
    PersonGoneInRules,
    /// Rosters name a person who is not active, or not of the unit any more.
    PersonGoneInRosters,
    /// A unit ends, or ended, and people answer for customers or assets for it.
    UnitEndsWithResponsibilities,
    /// A person who is not active, or not of the unit any more, answers for customers or assets.
    PersonGoneInResponsibilities,
    /// A person was to change, and what was planned did not hold any more when the time had come.
    PersonPlanFailed,
    /// What was held before it was counted is still being read.
    TicketsNotYetKnown,
}

/// Something to be looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The field of the request that brought it about; empty: none did.
    pub field: String,
    /// The unit; empty: it is about none.
    pub unit_id: String,
    /// The person; empty: it is about none.
    pub person_id: String,
    /// From when on; none: now.
    pub since: Option<Timestamp>,
    /// Tickets that are affected.
    pub tickets: i64,
    /// What is so.
    pub what: String,
    /// What to do.
    pub advice: String,
    /// Of a unit that ends above others: these.
    #[serde(skip)]
    pub below: Vec<String>,
}

/// A plan of a person that did not come into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedPlan {
    /// The person.
    pub person_id: String,
    /// The first unit they were to be of; empty: none.
    pub unit_id: String,
    /// When it was to be.
    pub at: Timestamp,
    /// What did not hold any more.
    pub why: String,
}

/// What is looked through.
#[derive(Debug)]
pub struct Inspected<'a> {
    /// Now.
    pub now: Timestamp,
    /// Units as they are.
    pub units: &'a HashMap<String, Unit>,
    /// What is planned of them.
    pub planned: &'a HashMap<String, Planned>,
    /// Areas in force.
    pub areas: &'a [Area],
    /// Who is to answer for areas.
    pub planned_areas: &'a HashMap<AreaKey, AreaPlan>,
    /// Rules that are tried.
    pub rules: &'a [Rule],
    /// Rosters.
    pub rosters: &'a [Roster],
    /// Rosters, leave and swaps.
    pub duty: &'a DutyBook,
    /// People whom rules and rosters name.
    pub people: &'a HashMap<String, PersonEntry>,
    /// How many active people handle tickets in each unit.
    pub handlers: &'a HashMap<String, i64>,
    /// Whether all tickets are known that anybody holds.
    pub tickets_known: bool,
    /// Tickets that a unit has in hand or in its pool; of units that end or have nobody.
    pub held_by_unit: &'a HashMap<String, i64>,
    /// Tickets of people who are not active or not of the unit any more, by person and unit.
    pub held_by_gone: &'a BTreeMap<(String, String), i64>,
    /// Responsibilities that go on after their unit has ended; of units that end.
    pub responsible_in_unit: &'a HashMap<String, i64>,
    /// Responsibilities of people who are not active or not of the unit any more, by person and unit.
    pub responsible_and_gone: &'a BTreeMap<(String, String), i64>,
    /// Plans of people that did not come into force, in their order.
    pub failed_plans: &'a [FailedPlan],
    /// Units that are looked at; none: all.
    pub about: Option<&'a HashSet<String>>,
}

impl Inspected<'_> {
    /// Units about which it is worth to know what they hold.
    #[must_use]
    pub fn doubtful(&self) -> Vec<String> {
        let doubtful = |unit: &&Unit| self.end(unit).is_some() || !self.handlers.contains_key(&unit.id);
        self.looked_at().filter(doubtful).map(|unit| unit.id.clone()).collect()
    }

    /// Units that end, each with when.
    #[must_use]
    pub fn ending(&self) -> Vec<(String, Timestamp)> {
        self.looked_at().filter_map(|unit| Some((unit.id.clone(), self.end(unit)?))).collect()
    }

    /// Units about which something is told.
    fn looked_at(&self) -> impl Iterator<Item = &Unit> {
        self.units.values().filter(|unit| self.about.is_none_or(|about| about.contains(&unit.id)))
    }

    /// When a unit ends for the first time; past, or to come.
    fn end(&self, unit: &Unit) -> Option<Timestamp> {
        end(unit, self.planned.get(&unit.id))
    }

    /// Everything to be looked after, in the order of ids, units first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if !self.tickets_known {
            found.push(not_yet_known());
        }
        self.units(&mut found);
        self.people(&mut found);
        found
    }
}

fn not_yet_known() -> Finding {
    Finding {
        kind: FindingKind::TicketsNotYetKnown,
        field: String::new(),
        unit_id: String::new(),
        person_id: String::new(),
        since: None,
        tickets: 0,
        what: "not all tickets are known yet that units and people hold: they are still read from the log of tickets"
            .to_owned(),
        advice: "check again later: whoever seems to hold none may hold some".to_owned(),
        below: Vec::new(),
    }
}

/// When a unit ends for the first time.
#[must_use]
pub fn end(unit: &Unit, planned: Option<&Planned>) -> Option<Timestamp> {
    let mut later = planned.into_iter().flatten().peekable();
    let mut state = (Timestamp::MIN, unit);
    loop {
        let next = later.next();
        if let Some(end) = state.1.valid_to
            && next.is_none_or(|(begins, _)| end < *begins)
        {
            return Some(end.max(state.0));
        }
        state = next.map(|(begins, unit)| (*begins, unit))?;
    }
}

/// Names for people: `a`, `b` and 3 more.
fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut seen = HashSet::new();
    let all: Vec<_> = names.into_iter().filter(|name| seen.insert(*name)).collect();
    let shown: Vec<_> = all.iter().take(NAMES).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    if all.len() > NAMES { format!("{shown} and {} more", all.len() - NAMES) } else { shown }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

fn tickets(number: i64) -> String {
    counted(usize::try_from(number).unwrap_or_default(), "ticket", "tickets")
}

fn responsibilities(number: i64) -> String {
    counted(usize::try_from(number).unwrap_or_default(), "customer or asset", "customers and assets")
}

#[cfg(test)]
mod tests;
