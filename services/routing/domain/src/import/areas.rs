//! Areas of an upload.

use super::{AreaRow, Known, Plan, Upload};
use crate::{Area, Violation, id::quoted};
use gongdan_region::{RegionCode, RegionRange, Regions};
use std::collections::{HashMap, HashSet};

/// Longest key of a catalogue item.
const MAX_ITEM: usize = 400;

pub(super) fn plan(
    upload: &Upload,
    known: &Known,
    unit_exists: &HashSet<String>,
    plan: &mut Plan,
    found: &mut Vec<Violation>,
) {
    let mut in_force: HashMap<(RegionRange, &str), &Area> =
        known.areas.iter().map(|area| ((area.range, area.item.as_str()), area)).collect();
    let mut seen = HashSet::new();
    for (n, row) in upload.areas.iter().enumerate() {
        let mut refuse =
            |field: &str, rule: String| found.push(Violation::new(format!("areas[{n}].{field}"), rule));
        if !unit_exists.contains(&row.unit_id) {
            refuse("unit_id", format!("no unit {}, neither here nor known", quoted(&row.unit_id)));
        }
        if row.item.chars().count() > MAX_ITEM || row.item.chars().any(char::is_control) {
            refuse("item", format!("up to {MAX_ITEM} characters, one line"));
        } else if row.item.split('/').any(|name| name.trim().is_empty()) && !row.item.is_empty() {
            refuse("item", "names joined by `/`, none empty".to_owned());
        }
        let range = match range(row) {
            Ok(range) => range,
            Err((field, rule)) => {
                refuse(field, rule);
                continue;
            }
        };
        if !seen.insert((range, row.item.as_str())) {
            refuse("region", "this region and item are given twice".to_owned());
            continue;
        }
        match in_force.remove(&(range, row.item.as_str())) {
            Some(area) if area.unit_id == row.unit_id => {
                plan.unchanged += 1;
                continue;
            }
            Some(area) => plan.areas_ended.push(area.id),
            None => {}
        }
        plan.areas_rows.push(n);
        plan.areas_begun.push(Area { id: 0, range, item: row.item.clone(), unit_id: row.unit_id.clone() });
    }
    if upload.replace_areas {
        plan.areas_ended.extend(in_force.values().map(|area| area.id));
    }
    plan.areas_ended.sort_unstable();
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
