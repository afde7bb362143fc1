//! Units that end, and units without people.

use super::{Finding, FindingKind, Inspected, counted, names, responsibilities, tickets};
use crate::{AreaKey, Rule, RuleTarget, Unit};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How far ahead somebody has to be on duty.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What names units.
struct Named<'a> {
    areas: HashMap<&'a str, usize>,
    /// Of units that end: areas that are theirs then, or later.
    areas_beyond: HashMap<&'a str, usize>,
    rules: HashMap<&'a str, BTreeSet<&'a str>>,
    rosters: HashMap<&'a str, Vec<&'a str>>,
}

impl Inspected<'_> {
    pub(super) fn units(&self, found: &mut Vec<Finding>) {
        let named = self.named();
        let units: BTreeMap<&str, &Unit> = self.looked_at().map(|unit| (unit.id.as_str(), unit)).collect();
        let below = self.below();
        for (id, unit) in units {
            match self.end(unit) {
                Some(end) => self.ends(id, end, &named, &below, found),
                None => self.goes_on(id, &named, found),
            }
        }
    }

    fn named(&self) -> Named<'_> {
        let mut named = Named {
            areas: HashMap::new(),
            areas_beyond: self.areas_beyond(),
            rules: HashMap::new(),
            rosters: HashMap::new(),
        };
        for area in self.areas {
            *named.areas.entry(&area.unit_id).or_default() += 1;
        }
        for rule in self.rules {
            for unit in units_of(rule) {
                named.rules.entry(unit).or_default().insert(&rule.id);
            }
        }
        for roster in self.rosters {
            named.rosters.entry(&roster.unit_id).or_default().push(&roster.id);
        }
        named
    }

    /// Units that end, each with how many areas are theirs then, or later.
    fn areas_beyond(&self) -> HashMap<&str, usize> {
        let ends: HashMap<&str, Timestamp> = self
            .looked_at()
            .filter_map(|unit| Some((unit.id.as_str(), self.end(unit)?.max(self.now))))
            .collect();
        if ends.is_empty() {
            return HashMap::new();
        }
        let mut states: HashMap<AreaKey, BTreeMap<Timestamp, Option<&str>>> = HashMap::new();
        for area in self.areas {
            states.entry(area.key()).or_default().insert(Timestamp::MIN, Some(&area.unit_id));
        }
        for (key, plan) in self.planned_areas {
            let of_key = states.entry(key.clone()).or_default();
            of_key.extend(plan.iter().map(|(at, unit)| (*at, unit.as_deref())));
        }
        let mut beyond: HashMap<&str, usize> = HashMap::new();
        for of_key in states.values() {
            let until = of_key.keys().skip(1).map(Some).chain([None]);
            let late: BTreeSet<&str> = of_key
                .values()
                .zip(until)
                .filter_map(|(unit, until)| Some(((*unit)?, until)))
                .filter(|(unit, until)| {
                    ends.get(unit).is_some_and(|end| until.is_none_or(|until| until > end))
                })
                .map(|(unit, _)| unit)
                .collect();
            for unit in late {
                *beyond.entry(unit).or_default() += 1;
            }
        }
        beyond
    }

    /// Units that end, each with those that are below it then and go on.
    fn below(&self) -> HashMap<&str, Vec<&str>> {
        let ends: HashMap<&str, Timestamp> = self
            .looked_at()
            .filter_map(|unit| Some((unit.id.as_str(), self.end(unit)?.max(self.now))))
            .collect();
        let mut below: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        if ends.is_empty() {
            return HashMap::new();
        }
        for unit in self.units.values() {
            let planned = self.planned.get(&unit.id);
            for parent in std::iter::once(unit)
                .chain(planned.into_iter().flatten().map(|(_, unit)| unit))
                .filter_map(|state| state.parent_id.as_deref())
            {
                let Some((parent, end)) = ends.get_key_value(parent) else { continue };
                let then = planned.and_then(|planned| planned.range(..=*end).next_back());
                let then = then.map_or(unit, |(_, unit)| unit);
                if then.parent_id.as_deref() == Some(parent) && then.takes_part_at(*end) {
                    below.entry(parent).or_default().insert(&unit.id);
                }
            }
        }
        below.into_iter().map(|(parent, units)| (parent, units.into_iter().collect())).collect()
    }

    fn ends(
        &self,
        id: &str,
        end: Timestamp,
        named: &Named<'_>,
        below: &HashMap<&str, Vec<&str>>,
        found: &mut Vec<Finding>,
    ) {
        let ends = if end <= self.now { "ended" } else { "ends" };
        let mut tell = |kind, held, what: String, advice: String| {
            found.push(Finding {
                kind,
                field: String::new(),
                unit_id: id.to_owned(),
                person_id: String::new(),
                since: Some(end),
                tickets: held,
                what: format!("unit `{id}` {ends} {end} and {what}"),
                advice,
                below: Vec::new(),
            });
        };
        if let Some(held) = self.held_by_unit.get(id).copied().filter(|held| *held > 0) {
            tell(
                FindingKind::UnitEndsWithTickets,
                held,
                format!("holds {}", tickets(held)),
                format!(
                    "give them to another one: `gongdan ticket bulk transfer --unit {id} --to-unit UNIT --reason TEXT`, \
                     those in its pool with `gongdan ticket dispatch`"
                ),
            );
        }
        if let Some(areas) = named.areas_beyond.get(id) {
            tell(
                FindingKind::UnitEndsWithAreas,
                0,
                format!("answers for {}", counted(*areas, "area", "areas")),
                "import these areas with another unit, with `changes_from` for the day: their tickets go to the next wider area or to the pool".to_owned(),
            );
        }
        if let Some(rules) = named.rules.get(id) {
            tell(
                FindingKind::UnitEndsWithRules,
                0,
                format!("is named by {}", rule_names(rules)),
                "name another unit there: until then these rules are passed over".to_owned(),
            );
        }
        if let Some(rosters) = named.rosters.get(id) {
            let count = counted(rosters.len(), "roster", "rosters");
            tell(
                FindingKind::UnitEndsWithRosters,
                0,
                format!("has {count}: {}", names(rosters.iter().copied())),
                "delete them, or put them for another unit".to_owned(),
            );
        }
        if let Some(number) = self.responsible_in_unit.get(id) {
            tell(
                FindingKind::UnitEndsWithResponsibilities,
                0,
                format!("its people answer for {}", responsibilities(*number)),
                "import these responsibilities for people of another unit: `gongdan route responsible import`".to_owned(),
            );
        }
        if let Some(units) = below.get(id) {
            let count = counted(units.len(), "unit goes", "units go");
            tell(
                FindingKind::UnitEndsAboveOthers,
                0,
                format!("{count} on below it: {}", names(units.iter().copied())),
                "import these units with another `parent_id`, or with an end".to_owned(),
            );
            if let Some(told) = found.last_mut() {
                told.below = units.iter().map(|unit| (*unit).to_owned()).collect();
            }
        }
    }

    fn goes_on(&self, id: &str, named: &Named<'_>, found: &mut Vec<Finding>) {
        let mut tell = |kind, held, what: String, advice: &str| {
            found.push(Finding {
                kind,
                field: String::new(),
                unit_id: id.to_owned(),
                person_id: String::new(),
                since: None,
                tickets: held,
                what,
                advice: advice.to_owned(),
                below: Vec::new(),
            });
        };
        if !self.handlers.contains_key(id) {
            let held = self.held_by_unit.get(id).copied().unwrap_or_default();
            let mut why = Vec::new();
            if held > 0 {
                why.push(format!("holds {}", tickets(held)));
            }
            if let Some(areas) = named.areas.get(id) {
                why.push(format!("answers for {}", counted(*areas, "area", "areas")));
            }
            if let Some(rules) = named.rules.get(id) {
                why.push(format!("is named by {}", rule_names(rules)));
            }
            if !why.is_empty() {
                tell(
                    FindingKind::UnitWithoutPeople,
                    held,
                    format!("unit `{id}` {} and has nobody active who handles tickets", why.join(", ")),
                    "import people with the role handler or unit_leader in it, or let another unit answer",
                );
            }
            return;
        }
        if let Some(rosters) = named.rosters.get(id) {
            let able = |person: &str| {
                self.people.get(person).is_some_and(|entry| {
                    entry.active && entry.handles && entry.unit_ids.iter().any(|unit| unit == id)
                })
            };
            if !self.duty.anybody(id, self.now, AHEAD, able) {
                tell(
                    FindingKind::NobodyOnDuty,
                    0,
                    format!(
                        "by {} of unit `{id}` nobody is on duty in the next 7 days",
                        names(rosters.iter().copied())
                    ),
                    "put shifts for these days, or delete the roster: then everybody is on duty who is not on leave",
                );
            }
        }
    }
}

fn rule_names(rules: &BTreeSet<&str>) -> String {
    format!("{}: {}", counted(rules.len(), "rule", "rules"), names(rules.iter().copied()))
}

/// Units that a rule names.
fn units_of(rule: &Rule) -> Vec<&str> {
    let target = match &rule.action.target {
        Some(RuleTarget::Unit { unit_id }) => Some(unit_id),
        Some(RuleTarget::Group { group_id }) => Some(group_id),
        Some(RuleTarget::Person { unit_id, .. } | RuleTarget::Pool { unit_id, .. }) => unit_id.as_ref(),
        Some(RuleTarget::Desk { desk_id }) => desk_id.as_ref(),
        Some(RuleTarget::Strategy(strategy)) => Some(&strategy.unit_id),
        Some(RuleTarget::FirstReceiver) | None => None,
    };
    target.into_iter().chain(&rule.action.assisting_unit_ids).map(String::as_str).collect()
}
