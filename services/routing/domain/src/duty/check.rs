//! What is refused of a roster.

use super::{Clash, Roster, Shift, clash, swap::may_have_shifts, zone};
use crate::{
    Unit, Violation,
    decide::PersonEntry,
    id::{check_id, check_line},
};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Most shifts of a roster.
pub const MOST_SHIFTS: usize = 100;
/// Most people of a shift.
pub const MOST_PEOPLE: usize = 500;
/// Most names in all shifts of a roster together.
const MOST_NAMES: usize = 10_000;
/// Most single days that a shift names.
const MOST_DATES: usize = 400;
/// Most single days that all shifts of a roster name together, those on which they are not included.
const MOST_DATES_TOGETHER: usize = 2_000;
/// The highest capacity.
const MOST_TICKETS: u32 = 10_000;

/// Checks a roster against the units and people there are, and against other rosters that name the same people.
#[must_use]
pub fn check_roster(
    roster: &Roster,
    others: &[Roster],
    units: &HashMap<String, Unit>,
    people: &HashMap<String, PersonEntry>,
) -> Vec<Violation> {
    let mut check = Check { roster, people, found: Vec::new() };
    if let Err(rule) = check_id(&roster.id) {
        check.refuse("roster.id", rule.to_string());
    }
    if let Err(rule) = check_line(&roster.name, 1, 100) {
        check.refuse("roster.name", rule);
    }
    if !units.contains_key(&roster.unit_id) {
        check.refuse("roster.unit_id", format!("no unit `{}`", roster.unit_id));
    }
    let zone = zone(&roster.time_zone);
    if zone.is_none() {
        check.refuse("roster.time_zone", format!("no time zone `{}`", roster.time_zone));
    }
    if roster.capacity > MOST_TICKETS {
        check.refuse("roster.capacity", format!("up to {MOST_TICKETS}"));
    }
    check.capacities();
    check.shifts();
    if let Some(zone) = zone.filter(|_| check.found.is_empty()) {
        check.overlaps(&zone, others);
    }
    check.found
}

struct Check<'a> {
    roster: &'a Roster,
    people: &'a HashMap<String, PersonEntry>,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn refuse(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.found.push(Violation::new(field, rule));
    }

    fn capacities(&mut self) {
        let named: HashSet<&str> = self.roster.people().collect();
        for (person, capacity) in &self.roster.capacities {
            let field = format!("roster.capacities[{person}]");
            if !named.contains(person.as_str()) {
                self.refuse(&field, "of somebody who has no shift here");
            }
            if !(1..=MOST_TICKETS).contains(capacity) {
                self.refuse(&field, format!("1 to {MOST_TICKETS}"));
            }
        }
    }

    fn shifts(&mut self) {
        let roster = self.roster;
        if roster.shifts.is_empty() {
            self.refuse(
                "roster.shifts",
                "an empty roster has nobody on duty ever: give at least one shift, or delete the roster",
            );
        }
        if roster.shifts.len() > MOST_SHIFTS {
            self.refuse("roster.shifts", format!("up to {MOST_SHIFTS}"));
        }
        let dates: usize = roster.shifts.iter().map(|shift| shift.dates.len() + shift.except.len()).sum();
        if dates > MOST_DATES_TOGETHER {
            let rule = format!(
                "up to {MOST_DATES_TOGETHER} `dates` and `except_dates` together: give the roster weekdays"
            );
            self.refuse("roster.shifts", rule);
        }
        let names: usize = roster.shifts.iter().map(|shift| shift.person_ids.len()).sum();
        if names > MOST_NAMES {
            self.refuse("roster.shifts", format!("up to {MOST_NAMES} `person_ids` together"));
        }
        for (n, shift) in roster.shifts.iter().enumerate() {
            let path = format!("roster.shifts[{n}]");
            if let Err(rule) = check_line(&shift.name, 1, 50) {
                self.refuse(format!("{path}.name"), rule);
            }
            if roster.shifts[..n].iter().any(|before| before.name == shift.name) {
                self.refuse(format!("{path}.name"), format!("`{}` is given twice", shift.name));
            }
            self.days(&path, shift);
            self.members(&path, shift);
        }
    }

    fn days(&mut self, path: &str, shift: &Shift) {
        if shift.weekdays.is_empty() && shift.dates.is_empty() {
            self.refuse(format!("{path}.weekdays"), "at least one weekday or date");
        }
        for (n, day) in shift.weekdays.iter().enumerate() {
            if !(1..=7).contains(day) {
                self.refuse(format!("{path}.weekdays[{n}]"), "1 Monday to 7 Sunday");
            } else if shift.weekdays[..n].contains(day) {
                self.refuse(format!("{path}.weekdays[{n}]"), "given twice");
            }
        }
        for (dates, field) in [(&shift.dates, "dates"), (&shift.except, "except_dates")] {
            if dates.len() > MOST_DATES {
                self.refuse(format!("{path}.{field}"), format!("up to {MOST_DATES}"));
            }
        }
        if let (Some(first), Some(last)) = (shift.first_day, shift.last_day)
            && last < first
        {
            self.refuse(format!("{path}.last_date"), "not before `first_date`");
        }
    }

    fn members(&mut self, path: &str, shift: &Shift) {
        if shift.person_ids.is_empty() {
            self.refuse(format!("{path}.person_ids"), "at least one: without people nobody is on duty");
        }
        if shift.person_ids.len() > MOST_PEOPLE {
            self.refuse(format!("{path}.person_ids"), format!("up to {MOST_PEOPLE}"));
        }
        let unit = &self.roster.unit_id;
        for (n, id) in shift.person_ids.iter().enumerate() {
            let rule = match may_have_shifts(self.people, id, unit) {
                Err(rule) => rule,
                Ok(()) if shift.person_ids[..n].contains(id) => format!("`{id}` is given twice"),
                Ok(()) => continue,
            };
            self.refuse(format!("{path}.person_ids[{n}]"), rule);
        }
    }

    /// No person has two shifts at the same time, here or in another roster. Only shifts that have a person in common are
    /// compared.
    fn overlaps(&mut self, zone: &TimeZone, others: &[Roster]) {
        let roster = self.roster;
        let elsewhere: Vec<_> = others
            .iter()
            .filter(|other| other.id != roster.id)
            .filter_map(|other| super::zone(&other.time_zone).map(|zone| (other, zone)))
            .collect();
        let there = elsewhere
            .iter()
            .flat_map(|(other, zone)| other.shifts.iter().map(move |shift| (*other, zone, shift)));
        let mut known: Vec<(&Roster, &TimeZone, &Shift)> = there.collect();
        let first_here = known.len();
        known.extend(roster.shifts.iter().map(|shift| (roster, zone, shift)));
        let named: HashSet<&str> = roster.people().collect();
        let mut of_person: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, (_, _, shift)) in known.iter().enumerate() {
            for person in shift.person_ids.iter().filter(|person| named.contains(person.as_str())) {
                of_person.entry(person).or_default().push(place);
            }
        }
        for (n, shift) in roster.shifts.iter().enumerate() {
            // By the other shift: the first person who has both.
            let mut both: BTreeMap<usize, &str> = BTreeMap::new();
            for person in &shift.person_ids {
                let places = of_person.get(person.as_str()).into_iter().flatten();
                for place in places.filter(|place| **place < first_here + n) {
                    both.entry(*place).or_insert(person);
                }
            }
            for (place, person) in both {
                let Some(&(other, its_zone, before)) = known.get(place) else { continue };
                let Some(Clash(day, its_day)) = clash((shift, zone), (before, its_zone)) else { continue };
                let place =
                    if other.id == roster.id { String::new() } else { format!(" of roster `{}`", other.id) };
                self.found.push(Violation::new(
                    format!("roster.shifts[{n}]"),
                    format!(
                        "`{person}` has shift `{}` on {day} and shift `{}`{place} on {its_day} at the same time",
                        shift.name, before.name
                    ),
                ));
            }
        }
    }
}
