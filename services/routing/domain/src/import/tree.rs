//! No unit is above itself, now or at any time for which something is planned.

use super::{UnitRow, planned::Life};
use crate::{Unit, Violation};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Units of a circle that are named.
const SHOWN: usize = 8;

/// The tree over time: units that rows touch as they will be, all others as they are known.
pub(super) struct Tree<'a> {
    pub known: &'a HashMap<String, Unit>,
    pub planned: &'a HashMap<String, crate::Planned>,
    pub touched: &'a BTreeMap<&'a str, Life<Unit>>,
    pub now: Timestamp,
}

impl Tree<'_> {
    fn parent(&self, id: &str, at: Timestamp) -> Option<&str> {
        let unit = match self.touched.get(id) {
            Some(life) => life.at(at),
            None => {
                let later = self.planned.get(id).and_then(|planned| planned.range(..=at).next_back());
                later.map(|(_, unit)| unit).or_else(|| self.known.get(id))
            }
        };
        unit?.parent_id.as_deref()
    }

    /// Where circles can begin: with a unit whose state begins at that instant.
    fn beginnings(&self) -> BTreeMap<Timestamp, Vec<&str>> {
        let mut at: BTreeMap<Timestamp, Vec<&str>> = BTreeMap::new();
        for (id, life) in self.touched {
            at.entry(self.now).or_default().push(id);
            for from in life.planned.keys() {
                at.entry(*from).or_default().push(id);
            }
        }
        for (id, planned) in self.planned.iter().filter(|(id, _)| !self.touched.contains_key(id.as_str())) {
            for from in planned.keys() {
                at.entry(*from).or_default().push(id);
            }
        }
        at
    }

    /// Instants to come at which units change.
    pub fn dates(&self) -> usize {
        self.beginnings().keys().filter(|at| **at > self.now).count()
    }

    /// Circles, each told once at every row that is part of one.
    pub fn circles(&self, rows: &[UnitRow], found: &mut Vec<Violation>) {
        let mut of_unit: HashMap<&str, Vec<usize>> = HashMap::new();
        for (n, row) in rows.iter().enumerate() {
            of_unit.entry(&row.id).or_default().push(n);
        }
        let mut told = HashSet::new();
        for (at, units) in self.beginnings() {
            let mut passed: HashSet<&str> = HashSet::new();
            for from in units {
                let Some(circle) = self.circle(from, at, &mut passed) else { continue };
                for (start, unit) in circle.iter().enumerate() {
                    let in_force = |n: &&usize| rows[**n].changes_from.is_none_or(|from| from <= at);
                    let Some(n) = of_unit.get(unit).and_then(|rows| rows.iter().rev().find(in_force)) else {
                        continue;
                    };
                    if told.insert(*n) {
                        let rule = self.words(&circle, start, at);
                        found.push(Violation::new(format!("units[{n}].parent_id"), rule));
                    }
                }
            }
        }
    }

    /// The circle that the way up from a unit leads into. Units that were passed before are not gone through again.
    fn circle<'a>(
        &'a self,
        from: &'a str,
        at: Timestamp,
        passed: &mut HashSet<&'a str>,
    ) -> Option<Vec<&'a str>> {
        let (mut way, mut steps) = (Vec::new(), HashMap::new());
        let mut next = Some(from);
        while let Some(unit) = next {
            if let Some(start) = steps.get(unit) {
                return Some(way.split_off(*start));
            }
            if !passed.insert(unit) {
                return None;
            }
            steps.insert(unit, way.len());
            way.push(unit);
            next = self.parent(unit, at);
        }
        None
    }

    fn words(&self, circle: &[&str], start: usize, at: Timestamp) -> String {
        let mut way: Vec<&str> = circle.iter().cycle().skip(start).take(circle.len() + 1).copied().collect();
        let skipped = if way.len() > SHOWN { " → …" } else { "" };
        way.truncate(SHOWN);
        let when = if at > self.now { format!(", from {at} on") } else { String::new() };
        format!("a circle: {}{skipped}{when}", way.join(" → "))
    }
}
