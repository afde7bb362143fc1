//! What is refused of responsibilities, and what becomes of those that are there.

use super::{
    Charge, Responsibility, Said,
    clash::{Clash, Origin, clashes},
};
use crate::{Unit, Violation, decide::PersonEntry, id::quoted};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
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
    /// Those that were there as they are given.
    pub unchanged: Vec<Uuid>,
}

/// What responsibilities are checked against.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What is there for the same customers and assets.
    pub there: &'a [Responsibility],
    /// All units.
    pub units: &'a HashMap<String, Unit>,
    /// The people who are named.
    pub people: &'a HashMap<String, PersonEntry>,
    /// Now.
    pub now: Timestamp,
    /// Whether whoever writes may take one that is there away.
    pub may_change: &'a dyn Fn(&Responsibility) -> bool,
    /// Whether they may be told of it.
    pub may_see: &'a dyn Fn(&Responsibility) -> bool,
}

/// How rows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Beside what is there; one that is there as it is given stays.
    Add,
    /// As [`How::Add`], and all goes that is there for the same customer or asset and branch, is not given, and is whoever
    /// writes' to change.
    Replace,
    /// Each in the place of the one with its id, and of no other, whatever that says.
    Change,
}

/// Checks responsibilities against units, people, each other and those that are there for the same customers and assets.
/// `path` names the field of a row.
///
/// # Errors
/// Violations, the first hundred.
pub fn check_all(
    rows: Vec<Responsibility>,
    how: How,
    known: Known<'_>,
    path: impl Fn(usize, &str) -> String,
) -> Result<Put, Vec<Violation>> {
    let mut found = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        for (field, rule) in alone(row, known.units, known.people, known.now) {
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
    let mut there: HashMap<(&Charge, &str), Vec<&Responsibility>> = HashMap::new();
    for one in known.there {
        there.entry((&one.charge, &one.item)).or_default().push(one);
    }
    let mut given: HashMap<(&Charge, &str), Vec<(usize, &Responsibility)>> = HashMap::new();
    for (n, row) in rows.iter().enumerate() {
        given.entry((&row.charge, &row.item)).or_default().push((n, row));
    }
    let (mut write, mut put, mut clashing) = (Vec::new(), Put::default(), Vec::new());
    for (key, rows) in given {
        let mut there = there.remove(&key).unwrap_or_default();
        let all = settle(rows, how, &mut there, &mut write, &mut put.unchanged);
        if how == How::Replace {
            let (gone, stay): (Vec<_>, Vec<_>) = there.into_iter().partition(|one| (known.may_change)(one));
            there = stay;
            put.gone.extend(gone.into_iter().map(|one| one.id));
        }
        let there = there.into_iter().map(|one| (Origin::There, one));
        clashing.extend(clashes(all.into_iter().chain(there).collect(), known.units));
    }
    if !clashing.is_empty() {
        let mut found: Vec<_> =
            clashing.into_iter().map(|clash| violation(clash, known.may_see, &path)).collect();
        found.sort_by_key(|(n, _)| *n);
        return Err(found.into_iter().map(|(_, clash)| clash).take(MOST_FOUND).collect());
    }
    write.sort_by_key(|(n, _)| *n);
    put.write = write.into_iter().map(|(_, row)| row).collect();
    put.gone.sort_unstable();
    Ok(put)
}

/// Which of the rows for one customer or asset and branch are there already, which are to be written; what they take the place
/// of is taken out of `there`.
fn settle<'a>(
    rows: Vec<(usize, &'a Responsibility)>,
    how: How,
    there: &mut Vec<&'a Responsibility>,
    write: &mut Vec<(usize, Responsibility)>,
    unchanged: &mut Vec<Uuid>,
) -> Vec<(Origin, &'a Responsibility)> {
    let mut says: HashMap<Said<'_>, &Responsibility> = there.iter().map(|one| (one.said(), *one)).collect();
    let ids: HashMap<Uuid, &Responsibility> = there.iter().map(|one| (one.id, *one)).collect();
    let mut settled = HashSet::new();
    let mut all = Vec::with_capacity(rows.len() + there.len());
    for (n, row) in rows {
        let same = match how {
            How::Change => ids.get(&row.id).copied().filter(|one| one.said() == row.said()),
            How::Add | How::Replace => says.remove(&row.said()),
        };
        let id = same.map_or(row.id, |same| same.id);
        settled.insert(id);
        match same {
            Some(same) if same.everywhere || !row.everywhere => {
                unchanged.push(id);
                all.push((Origin::Same(n), same));
            }
            // Where it says the same it counts further from now on.
            _ => {
                write.push((n, Responsibility { id, ..row.clone() }));
                all.push((Origin::New(n), row));
            }
        }
    }
    there.retain(|one| !settled.contains(&one.id));
    all
}

fn violation(
    clash: Clash<'_>,
    may_see: &dyn Fn(&Responsibility) -> bool,
    path: impl Fn(usize, &str) -> String,
) -> (usize, Violation) {
    let (n, rule) = match clash {
        Clash::Row(n, other) => {
            let rule = format!("for the same and at the same time as {}", path(other, ""));
            (n, rule.trim_end_matches('.').to_owned())
        }
        Clash::There(n, other) if may_see(other) => {
            (n, format!("`{}` answers for it at the same time: {}", other.person_id, other.id))
        }
        Clash::There(n, _) => (n, "somebody whom you may not see answers for it at the same time".to_owned()),
    };
    (n, Violation::new(path(n, "valid_from"), rule))
}

/// What is wrong with a row by itself.
fn alone(
    row: &Responsibility,
    units: &HashMap<String, Unit>,
    people: &HashMap<String, PersonEntry>,
    now: Timestamp,
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
    let unit = units.get(&row.unit_id);
    match people.get(&row.person_id) {
        None => found.push(("person_id", format!("no person {}", quoted(&row.person_id)))),
        Some(person) if !person.active => {
            found.push(("person_id", format!("`{}` is not active", row.person_id)));
        }
        Some(person) if !person.handles => {
            let rule = format!("`{}` takes no tickets on: neither handler nor unit leader", row.person_id);
            found.push(("person_id", rule));
        }
        Some(person) if unit.is_some() && !person.unit_ids.contains(&row.unit_id) => {
            found.push(("unit_id", format!("`{}` does not belong to `{}`", row.person_id, row.unit_id)));
        }
        Some(_) => {}
    }
    // Who is not known belongs to no unit that could be filled in.
    match (row.unit_id.as_str(), unit) {
        ("", _) if people.contains_key(&row.person_id) => {
            found.push(("unit_id", format!("`{}` belongs to no unit", row.person_id)));
        }
        ("", _) => {}
        (id, None) => found.push(("unit_id", format!("no unit {}", quoted(id)))),
        (id, Some(unit)) => {
            // What was over by then is no matter.
            let ended = unit.valid_to.filter(|end| *end <= now);
            if let Some(end) = ended.filter(|end| row.until.is_none_or(|until| until > *end)) {
                found.push(("unit_id", format!("`{id}` ended {end}")));
            }
        }
    }
    if let (Some(from), Some(until)) = (row.from, row.until)
        && until <= from
    {
        found.push(("valid_to", "after `valid_from`".to_owned()));
    }
    found
}
