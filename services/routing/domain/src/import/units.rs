//! Units of an upload: each row by itself, then the tree they make.

use super::{Known, Plan, UnitRow};
use crate::{
    Unit, UnitKind, Violation,
    id::{check_id, check_line},
};
use gongdan_region::{RegionCode, Regions};
use std::collections::{HashMap, HashSet};

/// Plans the units; answers which units there will be.
pub(super) fn plan(
    rows: &[UnitRow],
    known: &Known,
    plan: &mut Plan,
    found: &mut Vec<Violation>,
) -> HashSet<String> {
    let mut exists: HashSet<String> = known.units.keys().cloned().collect();
    exists.extend(rows.iter().map(|row| row.id.clone()));
    let mut parents: HashMap<&str, &str> = known
        .units
        .values()
        .filter_map(|unit| Some((unit.id.as_str(), unit.parent_id.as_deref()?)))
        .collect();
    for row in rows {
        if row.parent_id.is_empty() {
            parents.remove(row.id.as_str());
        } else {
            parents.insert(&row.id, &row.parent_id);
        }
    }
    let mut seen = HashSet::new();
    for (n, row) in rows.iter().enumerate() {
        let mut refuse =
            |field: &str, rule: String| found.push(Violation::new(format!("units[{n}].{field}"), rule));
        if let Err(rule) = check_id(&row.id) {
            refuse("id", rule.to_string());
        } else if !seen.insert(row.id.as_str()) {
            refuse("id", format!("`{}` is given twice", row.id));
        }
        if let Err(rule) = check_line(&row.name, 1, 100) {
            refuse("name", rule);
        }
        if !row.parent_id.is_empty() {
            if !exists.contains(&row.parent_id) {
                refuse("parent_id", format!("no unit `{}`, neither here nor known", row.parent_id));
            } else if let Some(circle) = circle(&row.id, &parents) {
                refuse("parent_id", format!("a circle: {circle}"));
            }
        }
        if let (Some(from), Some(to)) = (row.valid_from, row.valid_to)
            && to <= from
        {
            refuse("valid_to", "after valid_from".to_owned());
        }
        let region = match RegionCode::parse(&row.region) {
            Ok(code) if Regions::national().knows(code) => code,
            Ok(code) => {
                refuse("region", format!("no region {code} is known"));
                continue;
            }
            Err(rule) => {
                refuse("region", rule.to_string());
                continue;
            }
        };
        let unit = Unit {
            id: row.id.clone(),
            name: row.name.trim().to_owned(),
            kind: row.kind.unwrap_or(UnitKind::Unit),
            parent_id: Some(row.parent_id.clone()).filter(|parent| !parent.is_empty()),
            region,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        };
        match known.units.get(&unit.id) {
            None => plan.units_created.push(unit),
            Some(before) if *before == unit => plan.unchanged += 1,
            Some(_) => plan.units_changed.push(unit),
        }
    }
    exists
}

/// The way from a unit up to itself, if there is one.
fn circle(from: &str, parents: &HashMap<&str, &str>) -> Option<String> {
    const SHOWN: usize = 8;
    let mut way = vec![from];
    let mut passed = HashSet::from([from]);
    let mut at = from;
    while let Some(parent) = parents.get(at) {
        if *parent == from {
            way.push(from);
            let skipped = if way.len() > SHOWN { " → …" } else { "" };
            way.truncate(SHOWN);
            return Some(way.join(" → ") + skipped);
        }
        if !passed.insert(parent) {
            return None; // a circle further up; its own rows say so
        }
        way.push(parent);
        at = parent;
    }
    None
}
