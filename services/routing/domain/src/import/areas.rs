//! Areas of an upload: who answers for what at once, and from when on somebody else does. Source: R1, R2.

use super::{AreaRow, Known, Plan, Upload, units::is_timely};
use crate::{Area, AreaKey, AreaPlan, Violation, id::quoted};
use gongdan_region::{RegionCode, RegionRange, Regions};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longest key of a catalogue item.
const MAX_ITEM: usize = 400;

/// Who answers for an area, now and later.
#[derive(Debug, Default)]
struct Life {
    /// Given for now.
    given: bool,
    now: Option<String>,
    planned: AreaPlan,
}

impl Life {
    fn of(key: &AreaKey, known: &Known, in_force: &HashMap<AreaKey, &Area>) -> Self {
        let now = in_force.get(key).map(|area| area.unit_id.clone());
        Self { given: false, now, planned: known.planned_areas.get(key).cloned().unwrap_or_default() }
    }

    /// Somebody is to answer for it from an instant on, or nobody; answers whether that is news.
    fn later(&mut self, from: Timestamp, unit: Option<String>) -> bool {
        let before = self.planned.range(..from).next_back().map_or(&self.now, |(_, unit)| unit);
        let at = self.planned.get(&from).unwrap_or(before);
        if *at == unit {
            return false;
        }
        if *before == unit {
            self.planned.remove(&from);
        } else {
            self.planned.insert(from, unit);
        }
        true
    }

    /// Leaves out of what is planned what changes nothing.
    fn tidy(&mut self) {
        let mut before = self.now.clone();
        self.planned.retain(|_, unit| std::mem::replace(&mut before, unit.clone()) != *unit);
    }
}

pub(super) fn plan(
    upload: &Upload,
    known: &Known,
    unit_exists: &HashSet<String>,
    plan: &mut Plan,
    found: &mut Vec<Violation>,
) {
    let in_force: HashMap<AreaKey, &Area> = known.areas.iter().map(|area| (area.key(), area)).collect();
    let (mut lives, mut seen, mut later) = (BTreeMap::new(), HashSet::new(), Vec::new());
    for (n, row) in upload.areas.iter().enumerate() {
        let Some(key) = check(n, row, unit_exists, found) else { continue };
        let mut refuse =
            |field: &str, rule: String| found.push(Violation::new(format!("areas[{n}].{field}"), rule));
        let from = row.changes_from.filter(|from| *from > known.now);
        if !seen.insert((key.clone(), from)) {
            refuse("region", "this region and item are given twice".to_owned());
            continue;
        }
        let unit = Some(row.unit_id.clone()).filter(|unit| !unit.is_empty());
        let life: &mut Life =
            lives.entry(key.clone()).or_insert_with_key(|key| Life::of(key, known, &in_force));
        let Some(from) = from else {
            if life.now == unit {
                plan.unchanged += 1;
            } else if !is_timely(row.changes_from, known.now) {
                refuse("changes_from", super::units::late());
            } else {
                if unit.is_some() {
                    plan.areas_rows.push(n);
                }
                life.now = unit;
            }
            life.given = true;
            continue;
        };
        later.push((from, n, key, unit));
    }
    later.sort();
    for (from, n, key, unit) in later {
        let named = unit.is_some();
        if !lives.get_mut(&key).is_some_and(|life: &mut Life| life.later(from, unit)) {
            plan.unchanged += 1;
        } else if named {
            plan.areas_rows.push(n);
        }
    }
    if upload.replace_areas {
        for key in in_force.keys().chain(known.planned_areas.keys()) {
            let life = lives.entry(key.clone()).or_insert_with_key(|key| Life {
                planned: AreaPlan::new(),
                ..Life::of(key, known, &in_force)
            });
            if !life.given {
                life.now = None;
            }
        }
    }
    for (key, mut life) in lives {
        life.tidy();
        write(key, life, known, &in_force, plan);
    }
    plan.areas_ended.sort_unstable();
}

/// What of an area's life is to be written.
fn write(key: AreaKey, life: Life, known: &Known, in_force: &HashMap<AreaKey, &Area>, plan: &mut Plan) {
    let before = in_force.get(&key);
    if before.map(|area| &area.unit_id) != life.now.as_ref() {
        plan.areas_ended.extend(before.map(|area| area.id));
        if let Some(unit_id) = life.now {
            plan.areas_begun.push(Area { id: 0, range: key.range(), item: key.item.clone(), unit_id });
        }
    }
    let planned = known.planned_areas.get(&key);
    for (at, unit) in &life.planned {
        if planned.and_then(|planned| planned.get(at)) != Some(unit) {
            plan.areas_planned.push((*at, key.clone(), unit.clone()));
        }
    }
    let gone = planned.into_iter().flatten().map(|(at, _)| *at).filter(|at| !life.planned.contains_key(at));
    plan.areas_unplanned.extend(gone.map(|at| (at, key.clone())));
}

/// What a row is about; notes what is wrong with it.
fn check(
    n: usize,
    row: &AreaRow,
    unit_exists: &HashSet<String>,
    found: &mut Vec<Violation>,
) -> Option<AreaKey> {
    let mut refuse =
        |field: &str, rule: String| found.push(Violation::new(format!("areas[{n}].{field}"), rule));
    let ends = row.unit_id.is_empty() && row.changes_from.is_some();
    if !ends && !unit_exists.contains(&row.unit_id) {
        refuse("unit_id", format!("no unit {}, neither here nor known", quoted(&row.unit_id)));
    }
    if row.item.chars().count() > MAX_ITEM || row.item.chars().any(char::is_control) {
        refuse("item", format!("up to {MAX_ITEM} characters, one line"));
    } else if row.item.split('/').any(|name| name.trim().is_empty()) && !row.item.is_empty() {
        refuse("item", "names joined by `/`, none empty".to_owned());
    }
    match range(row) {
        Ok(range) => Some(AreaKey::new(range, &row.item)),
        Err((field, rule)) => {
            refuse(field, rule);
            None
        }
    }
}

fn range(row: &AreaRow) -> Result<RegionRange, (&'static str, String)> {
    let first = RegionCode::parse(&row.region).map_err(|rule| ("region", rule.to_string()))?;
    if !Regions::national().knows(first) {
        return Err(("region", format!("no region {first} is known")));
    }
    if row.region_to.is_empty() {
        return Ok(Regions::national().range(first));
    }
    let last = RegionCode::parse(&row.region_to).map_err(|rule| ("region_to", rule.to_string()))?;
    if row.region_to.trim().len() != 12 || last < first {
        return Err(("region_to", "12 digits, not before region".to_owned()));
    }
    Ok(RegionRange { start: first.as_i64(), end: last.as_i64() })
}
