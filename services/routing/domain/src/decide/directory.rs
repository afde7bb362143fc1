//! Everything a decision looks things up in, as it is at one moment.

use crate::{
    AreaIndex, Condition, Target, TicketFacts, Unit, UnitKind,
    duty::DutyBook,
    explanation::Outcome,
    rule::{RuleAction, RuleTarget},
};
use gongdan_region::{RegionCode, RegionRange};
use jiff::Timestamp;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// What rules need to know about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonEntry {
    /// Whether it may act at all.
    pub active: bool,
    /// Units it belongs to, the first is its main one.
    pub unit_ids: Vec<String>,
    /// Whether it may take tickets on: a handler or unit leader.
    pub handles: bool,
    /// What it can do.
    pub skills: Vec<String>,
}

impl PersonEntry {
    /// An active handler of these units without skills.
    #[must_use]
    pub fn of<const N: usize>(units: [&str; N]) -> Self {
        let unit_ids = units.into_iter().map(ToOwned::to_owned).collect();
        Self { active: true, unit_ids, handles: true, skills: Vec::new() }
    }
}

/// A rule that is tried.
#[derive(Debug, Clone)]
pub struct RuleInForce {
    /// Number of this state of the rule.
    pub revision: i64,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub condition: Condition,
    /// What it does.
    pub action: RuleAction,
}

/// Units, people, areas and rules at one moment. A clone shares all of them.
#[derive(Debug, Default, Clone)]
pub struct Directory {
    units: Arc<HashMap<String, Unit>>,
    people: Arc<HashMap<String, PersonEntry>>,
    areas: Arc<AreaIndex>,
    rules: Arc<Vec<RuleInForce>>,
    /// Desks, nearest region first.
    desks: Arc<Vec<(RegionRange, String)>>,
    /// Who handles tickets in each unit, in the order of ids.
    members: Arc<HashMap<String, Vec<String>>>,
    duty: Arc<DutyBook>,
    /// People who may see sensitive tickets.
    cleared: Arc<HashSet<String>>,
    /// The smallest capacity that rules in force with a strategy give people of a unit.
    capacities: Arc<HashMap<String, u32>>,
}

impl Directory {
    /// Of units, people, areas, and rules in the order in which they are tried.
    #[must_use]
    pub fn new(
        units: HashMap<String, Unit>,
        people: HashMap<String, PersonEntry>,
        areas: AreaIndex,
        rules: Vec<RuleInForce>,
    ) -> Self {
        let mut desks: Vec<_> = units
            .values()
            .filter(|unit| unit.kind == UnitKind::Desk)
            .map(|unit| (unit.range(), unit.id.clone()))
            .collect();
        desks.sort_by(|(a, a_id), (b, b_id)| (a.width(), a_id).cmp(&(b.width(), b_id)));
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        for (id, person) in people.iter().filter(|(_, person)| person.handles) {
            for unit in &person.unit_ids {
                members.entry(unit.clone()).or_default().push(id.clone());
            }
        }
        members.values_mut().for_each(|people| people.sort());
        Self {
            units: Arc::new(units),
            people: Arc::new(people),
            areas: Arc::new(areas),
            rules: Arc::new(rules),
            desks: Arc::new(desks),
            members: Arc::new(members),
            duty: Arc::default(),
            cleared: Arc::default(),
            capacities: Arc::default(),
        }
    }

    /// With what rules that are not here say of how many tickets people of units may have.
    #[must_use]
    pub fn with_capacities<'r>(mut self, targets: impl Iterator<Item = &'r RuleTarget>) -> Self {
        let mut capacities: HashMap<String, u32> = HashMap::new();
        for target in targets {
            let RuleTarget::Strategy(to) = target else { continue };
            if to.capacity > 0 {
                let smallest = capacities.entry(to.unit_id.clone()).or_insert(to.capacity);
                *smallest = to.capacity.min(*smallest);
            }
        }
        self.capacities = Arc::new(capacities);
        self
    }

    /// The smallest capacity that such a rule gives people of a unit; 0: none does.
    #[must_use]
    pub fn rules_capacity(&self, unit_id: &str) -> u32 {
        self.capacities.get(unit_id).copied().unwrap_or_default()
    }

    /// How many tickets a person may have: as a roster says for them, else the rule, if it does, else the roster that names
    /// them; none of them: as the service says.
    #[must_use]
    pub fn capacity(&self, unit_id: &str, by_rule: u32, person: &str) -> Option<u32> {
        let own = self.duty.own_capacity(unit_id, person);
        let by_rule = (by_rule > 0).then_some(by_rule);
        own.or(by_rule).or_else(|| self.duty.roster_capacity(unit_id, person))
    }

    /// With those who may see sensitive tickets; nobody may without this.
    #[must_use]
    pub fn with_cleared(mut self, people: HashSet<String>) -> Self {
        self.cleared = Arc::new(people);
        self
    }

    /// Whether a person may see sensitive tickets.
    #[must_use]
    pub fn sees_sensitive(&self, person: &str) -> bool {
        self.cleared.contains(person)
    }

    /// With rosters, leave and swaps.
    #[must_use]
    pub fn with_duty(mut self, duty: DutyBook) -> Self {
        self.duty = Arc::new(duty);
        self
    }

    /// Rosters, leave and swaps.
    #[must_use]
    pub fn duty(&self) -> &DutyBook {
        &self.duty
    }

    /// Who handles tickets in a unit that a strategy names, in the order of ids.
    #[must_use]
    pub fn members(&self, unit_id: &str) -> &[String] {
        self.members.get(unit_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether any rule sends tickets back to who received them first.
    #[must_use]
    pub fn asks_first_receiver(&self) -> bool {
        self.rules.iter().any(|rule| rule.action.target == Some(RuleTarget::FirstReceiver))
    }

    /// Those whom rules name, and the people of units whose people rules choose among.
    #[must_use]
    pub fn people(&self) -> &HashMap<String, PersonEntry> {
        &self.people
    }

    pub(crate) fn person(&self, id: &str) -> Option<&PersonEntry> {
        self.people.get(id)
    }

    /// The rules in force, in order.
    #[must_use]
    pub fn rules(&self) -> &[RuleInForce] {
        &self.rules
    }

    /// Whether any rule asks for a ticket's subject or body.
    #[must_use]
    pub fn reads_text(&self) -> bool {
        self.rules.iter().any(|rule| rule.condition.reads_text())
    }

    pub(crate) fn areas(&self) -> &AreaIndex {
        &self.areas
    }

    /// Whether a unit is there and takes part at an instant.
    #[must_use]
    pub fn takes_part(&self, unit_id: &str, at: Timestamp) -> bool {
        self.units.get(unit_id).is_some_and(|unit| unit.takes_part_at(at))
    }

    /// A unit.
    #[must_use]
    pub fn unit(&self, id: &str) -> Option<&Unit> {
        self.units.get(id)
    }

    /// Units that take part at an instant and whose area covers a region, for any item.
    #[must_use]
    pub fn units_covering(&self, region: RegionCode, at: Timestamp) -> Vec<String> {
        let covering = self.areas.units_covering(region).into_iter();
        covering.filter(|unit| self.takes_part(unit, at)).map(str::to_owned).collect()
    }

    /// Whether a unit is one of `units` or below one.
    pub(super) fn is_within(&self, unit_id: &str, units: &[String]) -> bool {
        if units.is_empty() {
            return false;
        }
        let above = |id: &&str| self.units.get(*id).and_then(|unit| unit.parent_id.as_deref());
        // A tree is no higher than it has units.
        let line = std::iter::successors(Some(unit_id), above).take(self.units.len() + 1);
        line.into_iter().any(|id| units.iter().any(|unit| unit == id))
    }

    /// Where a rule's target leads for a ticket, or why it cannot take it; not to units `barred` and below.
    pub(super) fn resolve(
        &self,
        target: &RuleTarget,
        rule_name: &str,
        ticket: &TicketFacts,
        barred: &[String],
        at: Timestamp,
    ) -> Result<Target, (Outcome, String)> {
        let to_unit = |unit_id: &str, person_id: Option<&str>| {
            self.can_take(unit_id, ticket, barred, at)?;
            Ok(Target::Dispatch { unit_id: unit_id.to_owned(), person_id: person_id.map(str::to_owned) })
        };
        match target {
            RuleTarget::Unit { unit_id } => to_unit(unit_id, None),
            // Whom it names is asked by whoever calls this; this is where it goes when that is nobody.
            RuleTarget::Strategy(strategy) => {
                self.can_take(&strategy.unit_id, ticket, barred, at)?;
                Ok(Target::Pool {
                    unit_id: Some(strategy.unit_id.clone()),
                    reason: rule_name.to_owned(),
                    claim_limit: strategy.claim_limit,
                })
            }
            RuleTarget::Group { group_id } => to_unit(group_id, None),
            // Which unit that is depends on the ticket's past: whoever calls this asks there.
            RuleTarget::FirstReceiver => Err((Outcome::TargetGone, "first receiver".to_owned())),
            RuleTarget::Desk { desk_id: Some(desk) } => to_unit(desk, None),
            RuleTarget::Desk { desk_id: None } => self.nearest_desk(ticket, barred, at),
            RuleTarget::Person { person_id, unit_id } => {
                let gone = || (Outcome::TargetGone, person_id.clone());
                let person = self.people.get(person_id).filter(|person| person.active).ok_or_else(gone)?;
                let unit = match unit_id {
                    Some(unit) => person.unit_ids.iter().find(|of| *of == unit),
                    None => person.unit_ids.first(),
                };
                to_unit(unit.ok_or_else(gone)?, Some(person_id))
            }
            RuleTarget::Pool { unit_id, reason, claim_limit } => {
                if let Some(unit) = unit_id {
                    self.can_take(unit, ticket, barred, at)?;
                }
                let reason = if reason.is_empty() { rule_name } else { reason };
                let (unit_id, reason) = (unit_id.clone(), reason.to_owned());
                Ok(Target::Pool { unit_id, reason, claim_limit: *claim_limit })
            }
        }
    }

    /// Why a unit cannot take a ticket that was escalated from those `barred`.
    pub(super) fn can_take(
        &self,
        unit_id: &str,
        ticket: &TicketFacts,
        barred: &[String],
        at: Timestamp,
    ) -> Result<(), (Outcome, String)> {
        if ticket.returned_by.iter().any(|unit| unit == unit_id) {
            return Err((Outcome::ReturnedIt, unit_id.to_owned()));
        }
        if !self.takes_part(unit_id, at) {
            return Err((Outcome::TargetGone, unit_id.to_owned()));
        }
        if self.is_within(unit_id, barred) {
            return Err((Outcome::EscalatedFrom, unit_id.to_owned()));
        }
        Ok(())
    }

    /// The desks whose regions are around a region, the smallest first.
    pub(super) fn desks_around(&self, region: RegionCode) -> impl Iterator<Item = &str> {
        self.desks.iter().filter(move |(range, _)| range.contains(region)).map(|(_, desk)| desk.as_str())
    }

    /// The desk of the smallest region around the ticket that can take it.
    fn nearest_desk(
        &self,
        ticket: &TicketFacts,
        barred: &[String],
        at: Timestamp,
    ) -> Result<Target, (Outcome, String)> {
        let mut refused = None;
        for desk in self.desks_around(ticket.region) {
            match self.can_take(desk, ticket, barred, at) {
                Ok(()) => return Ok(Target::Dispatch { unit_id: desk.to_owned(), person_id: None }),
                Err(why) => {
                    refused.get_or_insert(why);
                }
            }
        }
        Err(refused.unwrap_or_else(|| (Outcome::TargetGone, format!("no desk covers {}", ticket.region))))
    }
}
