//! Rules: a condition and what happens when it holds. Source: R4.

use crate::{
    Condition, Unit, UnitKind, Violation,
    decide::PersonEntry,
    id::{check_id, check_line},
    strategy::{Otherwise, Strategy, StrategyTarget, is_none},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Most units that one rule can make assist.
const MAX_ASSISTING: usize = 20;
/// Most skills that a strategy asks for.
const MAX_SKILLS: usize = 10;
/// The highest capacity and limit.
const MOST_TICKETS: u32 = 10_000;

/// Where a rule sends a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum RuleTarget {
    /// A unit.
    Unit {
        /// Its id.
        unit_id: String,
    },
    /// A unit of kind group.
    Group {
        /// Its id.
        group_id: String,
    },
    /// A person, for a unit of theirs; none: the first.
    Person {
        /// The principal.
        person_id: String,
        /// The unit the person acts for.
        unit_id: Option<String>,
    },
    /// A second-level desk; none: the one nearest to the ticket's region, upwards.
    Desk {
        /// Its id.
        desk_id: Option<String>,
    },
    /// A pool; of no unit: the manual pool.
    Pool {
        /// The unit whose members may claim it.
        unit_id: Option<String>,
        /// Why; empty: the rule's name.
        reason: String,
        /// How many tickets from pools a person may have in hand, this one included, who claims it; 0: any number.
        /// Source: R9.
        #[serde(default, skip_serializing_if = "is_none")]
        claim_limit: u32,
    },
    /// A person of a unit, by a strategy.
    Strategy(StrategyTarget),
    /// The unit that received the ticket first in this round, although it returned it (首接负责制). Source: R8.
    FirstReceiver,
}

/// What a rule does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleAction {
    /// Where the ticket goes; none: the rule only marks.
    pub target: Option<RuleTarget>,
    /// Units that are to assist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assisting_unit_ids: Vec<String>,
    /// Marks the ticket as sensitive.
    #[serde(default)]
    pub mark_sensitive: bool,
    /// 1 to 5; 0 leaves the priority.
    #[serde(default)]
    pub set_priority: u8,
}

/// A rule as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Chosen by people.
    pub id: String,
    /// What people read.
    pub name: String,
    /// Its place, from 1; 0: none given.
    pub position: i32,
    /// The condition in CEL.
    pub when: String,
    /// What happens.
    pub action: RuleAction,
    /// Kept, but not tried.
    pub disabled: bool,
}

/// Checks a rule against the units and people there are at an instant, and compiles it.
///
/// # Errors
/// Every violation, with paths under `rule`.
pub fn check_rule(
    rule: &Rule,
    units: &HashMap<String, Unit>,
    people: &HashMap<String, PersonEntry>,
    at: Timestamp,
) -> Result<Condition, Vec<Violation>> {
    let mut check = Check { units, at, found: Vec::new() };
    check.note("rule.id", check_id(&rule.id).map(drop));
    check.note("rule.name", check_line(&rule.name, 1, 100));
    if rule.position < 0 {
        check.refuse("rule.position", "0 or more");
    }
    check.action(&rule.action, people);
    match Condition::compile_among(&rule.when, units) {
        Ok(condition) if check.found.is_empty() => Ok(condition),
        Ok(_) => Err(check.found),
        Err(error) => {
            check.refuse("rule.when", error.to_string());
            Err(check.found)
        }
    }
}

struct Check<'a> {
    units: &'a HashMap<String, Unit>,
    at: Timestamp,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn refuse(&mut self, field: &str, rule: impl Into<String>) {
        self.found.push(Violation::new(field, rule));
    }

    fn note<E: std::fmt::Display>(&mut self, field: &str, outcome: Result<(), E>) {
        if let Err(rule) = outcome {
            self.refuse(field, rule.to_string());
        }
    }

    fn unit(&mut self, field: &str, id: &str, kind: Option<UnitKind>) {
        match self.units.get(id) {
            None => self.refuse(field, format!("no unit `{id}`")),
            Some(unit) if kind.is_some_and(|kind| kind != unit.kind) => {
                let wanted = if kind == Some(UnitKind::Desk) { "desk" } else { "group" };
                self.refuse(field, format!("`{id}` is not of kind {wanted}"));
            }
            Some(Unit { valid_to: Some(end), .. }) if *end <= self.at => {
                self.refuse(field, format!("`{id}` takes no tickets any more: it ended at {end}"));
            }
            Some(_) => {}
        }
    }

    fn tickets(&mut self, field: &str, number: u32) {
        if number > MOST_TICKETS {
            self.refuse(field, format!("up to {MOST_TICKETS}"));
        }
    }

    fn action(&mut self, action: &RuleAction, people: &HashMap<String, PersonEntry>) {
        match &action.target {
            Some(RuleTarget::Unit { unit_id }) => self.unit("rule.action.unit.unit_id", unit_id, None),
            Some(RuleTarget::Group { group_id }) => {
                self.unit("rule.action.group.group_id", group_id, Some(UnitKind::Group));
            }
            Some(RuleTarget::Person { person_id, unit_id }) => {
                self.person(person_id, unit_id.as_deref(), people);
            }
            Some(RuleTarget::Desk { desk_id: Some(desk) }) => {
                self.unit("rule.action.desk.desk_id", desk, Some(UnitKind::Desk));
            }
            Some(RuleTarget::Desk { desk_id: None } | RuleTarget::FirstReceiver) => {}
            Some(RuleTarget::Pool { unit_id, reason, claim_limit }) => {
                if let Some(unit) = unit_id {
                    self.unit("rule.action.pool.unit_id", unit, None);
                } else if *claim_limit > 0 {
                    self.refuse("rule.action.pool.claim_limit", "0 for the manual pool: it has no members");
                }
                self.tickets("rule.action.pool.claim_limit", *claim_limit);
                self.note("rule.action.pool.reason", check_line(reason, 0, 200));
            }
            Some(RuleTarget::Strategy(target)) => self.strategy(target, people),
            None if action.assisting_unit_ids.is_empty()
                && !action.mark_sensitive
                && action.set_priority == 0 =>
            {
                self.refuse("rule.action", "a target or at least one mark");
            }
            None => {}
        }
        if action.set_priority > 5 {
            self.refuse("rule.action.set_priority", "1 to 5, or 0 to leave it");
        }
        if action.assisting_unit_ids.len() > MAX_ASSISTING {
            self.refuse("rule.action.assisting_unit_ids", format!("up to {MAX_ASSISTING}"));
        }
        for (n, unit) in action.assisting_unit_ids.iter().enumerate() {
            self.unit(&format!("rule.action.assisting_unit_ids[{n}]"), unit, None);
            if action.assisting_unit_ids[..n].contains(unit) {
                self.refuse(&format!("rule.action.assisting_unit_ids[{n}]"), "given twice");
            }
        }
    }

    /// Somebody has to be there who could get it: a strategy that can never choose anybody is a mistake.
    fn strategy(&mut self, target: &StrategyTarget, people: &HashMap<String, PersonEntry>) {
        const FIELD: &str = "rule.action.strategy";
        self.unit(&format!("{FIELD}.unit_id"), &target.unit_id, None);
        self.tickets(&format!("{FIELD}.capacity"), target.capacity);
        self.tickets(&format!("{FIELD}.claim_limit"), target.claim_limit);
        if target.claim_limit > 0 && target.otherwise == Otherwise::NextRule {
            self.refuse(&format!("{FIELD}.claim_limit"), "0 when the next rule is tried: nothing waits");
        }
        if target.skills.len() > MAX_SKILLS {
            self.refuse(&format!("{FIELD}.skills"), format!("up to {MAX_SKILLS}"));
        }
        if target.strategy == Strategy::SkillWeighted && target.skills.is_empty() {
            self.refuse(&format!("{FIELD}.skills"), "at least one, to weigh people by");
        }
        if !self.units.contains_key(&target.unit_id) {
            return;
        }
        let able: Vec<&PersonEntry> = people
            .values()
            .filter(|person| person.active && person.handles && person.unit_ids.contains(&target.unit_id))
            .collect();
        if able.is_empty() {
            let rule =
                format!("`{}` has no active handler or unit leader: nobody could be chosen", target.unit_id);
            self.refuse(&format!("{FIELD}.unit_id"), rule);
            return;
        }
        for (n, skill) in target.skills.iter().enumerate() {
            let field = format!("{FIELD}.skills[{n}]");
            if target.skills[..n].contains(skill) {
                self.refuse(&field, "given twice");
            } else if !able.iter().any(|person| person.skills.contains(skill)) {
                self.refuse(&field, format!("nobody of `{}` has skill `{skill}`", target.unit_id));
            }
        }
        let fits = |person: &PersonEntry| target.skills.iter().all(|skill| person.skills.contains(skill));
        let each = target.skills.iter().all(|skill| able.iter().any(|person| person.skills.contains(skill)));
        if target.strategy != Strategy::SkillWeighted && each && !able.iter().any(|person| fits(person)) {
            self.refuse(
                &format!("{FIELD}.skills"),
                format!("nobody of `{}` has all of them", target.unit_id),
            );
        }
    }

    fn person(&mut self, id: &str, unit: Option<&str>, people: &HashMap<String, PersonEntry>) {
        let field = "rule.action.person.person_id";
        match people.get(id) {
            None => self.refuse(field, format!("no person `{id}`")),
            Some(person) if !person.active => self.refuse(field, format!("`{id}` is not active")),
            Some(person) if person.unit_ids.is_empty() => {
                self.refuse(field, format!("`{id}` belongs to no unit"));
            }
            Some(person) => {
                if let Some(unit) = unit
                    && !person.unit_ids.iter().any(|of| of == unit)
                {
                    self.refuse("rule.action.person.unit_id", format!("`{id}` does not belong to `{unit}`"));
                }
            }
        }
    }
}
