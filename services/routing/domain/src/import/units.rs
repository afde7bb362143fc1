//! Units of an upload: each row by itself, then what each unit is and will be, then the tree they make.

use super::{
    Known, Plan, UnitRow,
    planned::{Life, State, field},
    tree::Tree,
};
use crate::{
    Unit, UnitKind, Violation,
    id::{check_id, check_line, quoted},
};
use gongdan_region::{RegionCode, Regions};
use jiff::{Span, Timestamp};
use std::collections::{BTreeMap, HashSet};

/// How long ago a change may have been due that takes effect at once: a file of the day says its midnight.
const LATE_HOURS: i64 = 24;
/// At how many instants units may change that are planned at a time.
pub const MAX_DATES: usize = 366;

impl State for Unit {
    fn followed(&self, was: &Self, is: &Self) -> Self {
        Self {
            id: self.id.clone(),
            name: field(&self.name, &was.name, &is.name),
            kind: field(&self.kind, &was.kind, &is.kind),
            parent_id: field(&self.parent_id, &was.parent_id, &is.parent_id),
            region: field(&self.region, &was.region, &is.region),
            valid_from: field(&self.valid_from, &was.valid_from, &is.valid_from),
            valid_to: field(&self.valid_to, &was.valid_to, &is.valid_to),
        }
    }
}

/// Plans the units; answers which units there will be.
pub(super) fn plan(
    rows: &[UnitRow],
    known: &Known,
    plan: &mut Plan,
    found: &mut Vec<Violation>,
) -> HashSet<String> {
    let mut exists: HashSet<String> = known.units.keys().cloned().collect();
    exists.extend(rows.iter().map(|row| row.id.clone()));
    let mut seen = HashSet::new();
    let mut lives: BTreeMap<&str, Life<Unit>> = BTreeMap::new();
    let mut later = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let from = row.changes_from.filter(|from| *from > known.now);
        let unit = check(n, row, &exists, found);
        if !seen.insert((row.id.as_str(), from)) {
            let rule = format!("{} is given twice", quoted(&row.id));
            found.push(Violation::new(format!("units[{n}].id"), rule));
            continue;
        }
        let life = lives.entry(&row.id).or_insert_with(|| Life {
            present: known.units.get(&row.id).cloned(),
            planned: known.planned.get(&row.id).cloned().unwrap_or_default(),
        });
        let Some(unit) = unit else { continue };
        match from {
            Some(from) => later.push((n, from, unit)),
            None => {
                if life.present.as_ref() != Some(&unit) && !is_timely(row.changes_from, known.now) {
                    found.push(Violation::new(format!("units[{n}].changes_from"), late()));
                    continue;
                }
                let new = life.present.is_none();
                if !life.now(unit.clone()) {
                    plan.unchanged += 1;
                } else if new {
                    plan.units_created.push(unit);
                } else {
                    plan.units_changed.push(unit);
                }
            }
        }
    }
    later.sort_by_key(|(n, from, _)| (*from, *n));
    for (n, from, unit) in later {
        let Some(life) = lives.get_mut(unit.id.as_str()) else { continue };
        if life.present.is_none() {
            let rule =
                format!("`{}` is not there yet: `valid_from` says from when on it takes part", unit.id);
            found.push(Violation::new(format!("units[{n}].changes_from"), rule));
        } else if !life.later(from, unit) {
            plan.unchanged += 1;
        }
    }
    let tree = Tree { known: &known.units, planned: &known.planned, touched: &lives, now: known.now };
    if tree.dates() > MAX_DATES {
        let rule = format!("changes of units are planned for at most {MAX_DATES} instants in all");
        found.push(Violation::new("units", rule));
    } else {
        tree.circles(rows, found);
    }
    for (id, life) in lives {
        let before = known.planned.get(id);
        let was = |at: &Timestamp| before.and_then(|planned| planned.get(at));
        for (at, unit) in life.planned.iter().filter(|(at, unit)| was(at) != Some(*unit)) {
            plan.units_planned.push((*at, unit.clone()));
        }
        let gone =
            before.into_iter().flatten().map(|(at, _)| *at).filter(|at| !life.planned.contains_key(at));
        plan.units_unplanned.extend(gone.map(|at| (id.to_owned(), at)));
    }
    exists
}

/// The unit that a row makes; notes what is wrong with it.
fn check(n: usize, row: &UnitRow, exists: &HashSet<String>, found: &mut Vec<Violation>) -> Option<Unit> {
    let mut refuse =
        |field: &str, rule: String| found.push(Violation::new(format!("units[{n}].{field}"), rule));
    if let Err(rule) = check_id(&row.id) {
        refuse("id", rule.to_string());
    }
    if let Err(rule) = check_line(&row.name, 1, 100) {
        refuse("name", rule);
    }
    if !row.parent_id.is_empty() && !exists.contains(&row.parent_id) {
        refuse("parent_id", format!("no unit {}, neither here nor known", quoted(&row.parent_id)));
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
            return None;
        }
        Err(rule) => {
            refuse("region", rule.to_string());
            return None;
        }
    };
    Some(Unit {
        id: row.id.clone(),
        name: row.name.trim().to_owned(),
        kind: row.kind.unwrap_or(UnitKind::Unit),
        parent_id: Some(row.parent_id.clone()).filter(|parent| !parent.is_empty()),
        region,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    })
}

pub(super) fn late() -> String {
    format!("not more than {LATE_HOURS} hours ago: what was, stays")
}

/// Whether what is to be so from an instant on may still be made so at once.
pub(super) fn is_timely(from: Option<Timestamp>, now: Timestamp) -> bool {
    let earliest = now.checked_sub(Span::new().hours(LATE_HOURS)).unwrap_or(Timestamp::MIN);
    from.is_none_or(|from| from >= earliest)
}
