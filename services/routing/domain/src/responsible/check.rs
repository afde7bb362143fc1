//! What is refused of responsibilities, and what becomes of those that are there.

use super::{Charge, Responsibility, there::There};
use crate::{Unit, Violation, decide::PersonEntry, id::quoted};
use std::collections::HashMap;
use uuid::Uuid;

/// Most responsibilities of one import.
pub const MOST_ROWS: usize = 500_000;
/// Longest key of a catalogue item.
const MAX_ITEM: usize = 400;
/// So many violations say enough.
const MOST_FOUND: usize = 100;

/// Accepts what tickets accept as an asset: 1 to 64 of A-Z, a-z, 0-9, '.', '_', '-', '/' and ':'.
///
/// # Errors
/// When the text is anything else.
pub fn check_asset(text: &str) -> Result<&str, &'static str> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':');
    if (1..=64).contains(&text.len()) && text.bytes().all(good) {
        Ok(text)
    } else {
        Err("1 to 64 of A-Z, a-z, 0-9, '.', '_', '-', '/' and ':'")
    }
}

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Put {
    /// Those that begin, or are others from now on.
    pub write: Vec<Responsibility>,
    /// Those that go.
    pub gone: Vec<Uuid>,
    /// How many were there as they are given.
    pub unchanged: usize,
}

/// Checks responsibilities against units, people, each other and those that are there for the same customers and assets.
/// Each is written in the place of one with its id; with `replace` all that is there for the same customer or asset and
/// branch goes. `path` names the field of a row.
///
/// # Errors
/// Violations, the first hundred.
pub fn check_all(
    rows: Vec<Responsibility>,
    there: &[Responsibility],
    replace: bool,
    units: &HashMap<String, Unit>,
    people: &HashMap<String, PersonEntry>,
    path: impl Fn(usize, &str) -> String,
) -> Result<Put, Vec<Violation>> {
    let mut found = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        for (field, rule) in alone(row, units, people) {
            found.push(Violation::new(path(n, field), rule));
        }
        if found.len() >= MOST_FOUND {
            break;
        }
    }
    if !found.is_empty() {
        found.truncate(MOST_FOUND);
        return Err(found);
    }
    let mut kept: HashMap<(&Charge, &str), Vec<&Responsibility>> = HashMap::new();
    for one in there {
        kept.entry((&one.charge, &one.item)).or_default().push(one);
    }
    let mut given: HashMap<(&Charge, &str), Vec<(usize, &Responsibility)>> = HashMap::new();
    for (n, row) in rows.iter().enumerate() {
        given.entry((&row.charge, &row.item)).or_default().push((n, row));
    }
    let (mut write, mut gone, mut unchanged) = (Vec::new(), Vec::new(), 0);
    let mut clashes: Vec<(usize, Violation)> = Vec::new();
    for (key, mut rows) in given {
        // In the order of their beginnings one that meets any before it meets the one that ends last.
        rows.sort_by_key(|(n, row)| (row.from, *n));
        let mut there = There::new(kept.remove(&key).unwrap_or_default());
        let mut last: Option<(usize, &Responsibility)> = None;
        for (n, row) in &rows {
            if let Some((other, before)) = last {
                if before.meets(row) {
                    let (first, second) = (other.min(*n), other.max(*n));
                    let rule = format!("for the same and at the same time as {}", path(first, ""));
                    let rule = rule.trim_end_matches('.').to_owned();
                    clashes.push((second, Violation::new(path(second, "valid_from"), rule)));
                }
                if before.until.is_none() || row.until.is_some_and(|end| Some(end) <= before.until) {
                    continue;
                }
            }
            last = Some((*n, row));
        }
        let mut begun = Vec::new();
        for (n, row) in rows {
            if there.take(row) {
                unchanged += 1;
            } else {
                begun.push((n, row));
            }
        }
        if replace {
            gone.extend(there.take_all());
        }
        let left = there.left();
        for (n, row) in begun {
            if let Some(other) = left.meets(row) {
                let rule = format!("`{}` answers for it at the same time: {}", other.person_id, other.id);
                clashes.push((n, Violation::new(path(n, "valid_from"), rule)));
            }
            write.push((n, row.clone()));
        }
    }
    if !clashes.is_empty() {
        clashes.sort_by_key(|(n, _)| *n);
        return Err(clashes.into_iter().map(|(_, clash)| clash).take(MOST_FOUND).collect());
    }
    write.sort_by_key(|(n, _)| *n);
    gone.sort_unstable();
    Ok(Put { write: write.into_iter().map(|(_, row)| row).collect(), gone, unchanged })
}

/// What is wrong with a row by itself.
fn alone(
    row: &Responsibility,
    units: &HashMap<String, Unit>,
    people: &HashMap<String, PersonEntry>,
) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Charge::Asset(asset) = &row.charge
        && let Err(rule) = check_asset(asset)
    {
        found.push(("asset", rule.to_owned()));
    }
    if row.item.chars().count() > MAX_ITEM || row.item.chars().any(char::is_control) {
        found.push(("item", format!("up to {MAX_ITEM} characters, one line")));
    } else if !row.item.is_empty() && row.item.split('/').any(|name| name.trim().is_empty()) {
        found.push(("item", "names joined by `/`, none empty".to_owned()));
    }
    let unit = units.contains_key(&row.unit_id);
    match people.get(&row.person_id) {
        None => found.push(("person_id", format!("no person {}", quoted(&row.person_id)))),
        Some(person) if !person.active => {
            found.push(("person_id", format!("`{}` is not active", row.person_id)));
        }
        Some(person) if unit && !person.unit_ids.contains(&row.unit_id) => {
            found.push(("unit_id", format!("`{}` does not belong to `{}`", row.person_id, row.unit_id)));
        }
        Some(_) => {}
    }
    // Who is not known belongs to no unit that could be filled in.
    match row.unit_id.as_str() {
        "" if people.contains_key(&row.person_id) => {
            found.push(("unit_id", format!("`{}` belongs to no unit", row.person_id)));
        }
        "" => {}
        id if !unit => found.push(("unit_id", format!("no unit {}", quoted(id)))),
        _ => {}
    }
    if let (Some(from), Some(until)) = (row.from, row.until)
        && until <= from
    {
        found.push(("valid_to", "after `valid_from`".to_owned()));
    }
    found
}
