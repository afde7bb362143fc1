//! People who are gone and still named, or still holding tickets.

use super::{Finding, FindingKind, Inspected, names, responsibilities, tickets};
use crate::RuleTarget;
use std::collections::BTreeMap;

impl Inspected<'_> {
    pub(super) fn people(&self, found: &mut Vec<Finding>) {
        for ((person, unit), held) in self.held_by_gone {
            found.push(Finding {
                kind: FindingKind::PersonGoneWithTickets,
                field: String::new(),
                unit_id: unit.clone(),
                person_id: person.clone(),
                since: None,
                tickets: *held,
                what: format!(
                    "`{person}` is not active, or not of unit `{unit}` any more, and holds {} of it",
                    tickets(*held)
                ),
                advice: format!("give them to others: `gongdan route reassign {person} --of-unit {unit}`"),
                below: Vec::new(),
            });
        }
        self.rules(found);
        self.rosters(found);
        self.responsible(found);
        self.failed_plans(found);
    }

    fn failed_plans(&self, found: &mut Vec<Finding>) {
        for plan in self.failed_plans {
            let (person, at) = (&plan.person_id, plan.at);
            found.push(Finding {
                kind: FindingKind::PersonPlanFailed,
                field: String::new(),
                unit_id: plan.unit_id.clone(),
                person_id: person.clone(),
                since: Some(at),
                tickets: 0,
                what: format!("`{person}` was to change {at}, and stays as before: {}", plan.why),
                advice: format!(
                    "import what `{person}` is to be; or give it up: what they are, with `changes_from` {at}, and \
                     `active` false for who is not there"
                ),
                below: Vec::new(),
            });
        }
    }

    fn responsible(&self, found: &mut Vec<Finding>) {
        for ((person, unit), number) in self.responsible_and_gone {
            found.push(Finding {
                kind: FindingKind::PersonGoneInResponsibilities,
                field: String::new(),
                unit_id: unit.clone(),
                person_id: person.clone(),
                since: None,
                tickets: 0,
                what: format!(
                    "`{person}` is not active, or not of unit `{unit}` any more, and answers for {} there",
                    responsibilities(*number)
                ),
                advice: format!(
                    "import somebody else for them: `gongdan route responsible list --person {person}` tells which"
                ),
                below: Vec::new(),
            });
        }
    }

    fn rules(&self, found: &mut Vec<Finding>) {
        let mut by_person: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for rule in self.rules {
            if let Some(RuleTarget::Person { person_id, unit_id }) = &rule.action.target
                && self.is_gone(person_id, unit_id.as_deref())
            {
                let own = || self.people.get(person_id).and_then(|entry| entry.unit_ids.first());
                let unit = unit_id.as_ref().or_else(own).map_or("", String::as_str);
                by_person.entry((person_id, unit)).or_default().push(&rule.id);
            }
        }
        for ((person, unit), rules) in by_person {
            found.push(Finding {
                kind: FindingKind::PersonGoneInRules,
                field: String::new(),
                unit_id: unit.to_owned(),
                person_id: person.to_owned(),
                since: None,
                tickets: 0,
                what: format!(
                    "`{person}` is not active, or not of the unit any more, and named by rules: {}",
                    names(rules)
                ),
                advice: "name somebody else there: until then these rules are passed over".to_owned(),
                below: Vec::new(),
            });
        }
    }

    fn rosters(&self, found: &mut Vec<Finding>) {
        let mut by_person: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for roster in self.rosters {
            for person in roster.people().filter(|person| self.is_gone(person, Some(&roster.unit_id))) {
                by_person.entry((person, &roster.unit_id)).or_default().push(&roster.id);
            }
        }
        for ((person, unit), rosters) in by_person {
            found.push(Finding {
                kind: FindingKind::PersonGoneInRosters,
                field: String::new(),
                unit_id: unit.to_owned(),
                person_id: person.to_owned(),
                since: None,
                tickets: 0,
                what: format!(
                    "`{person}` is not active, or not of unit `{unit}` any more, and has shifts in {}",
                    names(rosters)
                ),
                advice: "put these rosters without the person, or swap the shifts".to_owned(),
                below: Vec::new(),
            });
        }
    }

    fn is_gone(&self, person: &str, unit: Option<&str>) -> bool {
        self.people.get(person).is_none_or(|entry| {
            !entry.active || unit.is_some_and(|unit| !entry.unit_ids.iter().any(|of| of == unit))
        })
    }
}
