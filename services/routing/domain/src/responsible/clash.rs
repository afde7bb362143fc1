//! Two who answer for the same at the same time, found in one pass over all that is said of a customer or asset and a branch.

use super::Responsibility;
use crate::Unit;
use gongdan_region::RegionRange;
use std::collections::{HashMap, HashSet};

/// Where something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Given, and other than what is there.
    New(usize),
    /// Given as it is there.
    Same(usize),
    /// There, and not given.
    There,
}

impl Origin {
    const fn row(self) -> Option<usize> {
        match self {
            Self::New(row) | Self::Same(row) => Some(row),
            Self::There => None,
        }
    }

    /// Whether the two may not meet: what is there may, however it came to be.
    const fn excludes(self, other: Self) -> bool {
        !matches!(
            (self, other),
            (Self::There, Self::There) | (Self::Same(_), Self::There) | (Self::There, Self::Same(_))
        )
    }
}

/// Two that meet: a row, and the row or what is there that it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clash<'a> {
    /// With an earlier row.
    Row(usize, usize),
    /// With what is there.
    There(usize, &'a Responsibility),
}

/// Those of one region, or those that count everywhere, that end last of those that have begun, by where they come from.
struct Latest<'a> {
    /// None: everywhere.
    range: Option<RegionRange>,
    ends_last: Vec<(Origin, &'a Responsibility)>,
}

/// Each row that meets another one, or what is there, once for each of both. All are for the same.
pub(super) fn clashes<'a>(
    mut all: Vec<(Origin, &'a Responsibility)>,
    units: &HashMap<String, Unit>,
) -> Vec<Clash<'a>> {
    // In the order of their beginnings one that meets any before it meets the one that ends last.
    all.sort_by_key(|(origin, one)| (one.from, origin.row()));
    let range = |one: &Responsibility| match units.get(&one.unit_id) {
        Some(unit) if !one.everywhere => Some(unit.range()),
        _ => None,
    };
    let (mut begun, mut found) = (Vec::<Latest<'a>>::new(), Vec::new());
    let (mut with_row, mut with_there) = (HashSet::new(), HashSet::new());
    for (origin, one) in all {
        let range = range(one);
        let near = begun.iter().filter(|latest| overlap(latest.range, range));
        for (other, before) in near.flat_map(|latest| &latest.ends_last) {
            if !origin.excludes(*other) || !before.meets(one) {
                continue;
            }
            match (origin.row(), other.row()) {
                (Some(a), Some(b)) => {
                    if with_row.insert(a.max(b)) {
                        found.push(Clash::Row(a.max(b), a.min(b)));
                    }
                }
                (Some(row), None) => {
                    if with_there.insert(row) {
                        found.push(Clash::There(row, before));
                    }
                }
                (None, Some(row)) => {
                    if with_there.insert(row) {
                        found.push(Clash::There(row, one));
                    }
                }
                (None, None) => {}
            }
        }
        let at = begun.iter().position(|latest| latest.range == range).unwrap_or_else(|| {
            begun.push(Latest { range, ends_last: Vec::new() });
            begun.len() - 1
        });
        note(&mut begun[at].ends_last, origin, one);
    }
    found
}

/// The one that ends last of each origin stays.
fn note<'a>(ends_last: &mut Vec<(Origin, &'a Responsibility)>, origin: Origin, one: &'a Responsibility) {
    let alike = |(other, _): &&mut (Origin, &'a Responsibility)| {
        std::mem::discriminant(other) == std::mem::discriminant(&origin)
    };
    match ends_last.iter_mut().find(alike) {
        None => ends_last.push((origin, one)),
        Some((_, before)) if before.until.is_none() => {}
        Some((_, before)) if one.until.is_some() && one.until <= before.until => {}
        Some(known) => *known = (origin, one),
    }
}

fn overlap(a: Option<RegionRange>, b: Option<RegionRange>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.start <= b.end && b.start <= a.end,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Charge, *};
    use crate::UnitKind;
    use gongdan_region::RegionCode;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use uuid::Uuid;

    const UNITS: [(&str, &str); 4] =
        [("tianhe", "440106"), ("haizhu", "440105"), ("city", "4401"), ("roads", "440106")];

    fn units() -> HashMap<String, Unit> {
        let unit = |(id, region): (&str, &str)| {
            let unit = Unit {
                id: id.into(),
                name: id.into(),
                kind: UnitKind::Unit,
                parent_id: None,
                region: RegionCode::parse(region).unwrap(),
                valid_from: None,
                valid_to: None,
            };
            (id.to_owned(), unit)
        };
        UNITS.map(unit).into()
    }

    fn any() -> impl Strategy<Value = (u8, Responsibility)> {
        let at = |n: i64| Timestamp::from_second(n).unwrap();
        let times = (prop::option::of(0_i64..20), prop::option::of(1_i64..10));
        (0_u8..3, 0..UNITS.len(), times, prop::bool::weighted(0.2)).prop_map(
            move |(origin, unit, (from, long), everywhere)| {
                let one = Responsibility {
                    id: Uuid::nil(),
                    charge: Charge::Asset("METER-7".into()),
                    item: String::new(),
                    person_id: "li.wei".into(),
                    unit_id: UNITS[unit].0.into(),
                    from: from.map(at),
                    until: long.map(|long| at(from.unwrap_or_default() + long)),
                    everywhere,
                };
                (origin, one)
            },
        )
    }

    proptest! {
        /// Whatever is there, also what should not be: a row is named exactly when it meets one that it may not.
        #[test]
        fn nothing_that_meets_is_missed(all in prop::collection::vec(any(), 0..12)) {
            let units = units();
            let all: Vec<(Origin, &Responsibility)> = (0..)
                .zip(&all)
                .map(|(n, (origin, one))| match origin {
                    0 => (Origin::New(n), one),
                    1 => (Origin::Same(n), one),
                    _ => (Origin::There, one),
                })
                .collect();
            let range = |one: &Responsibility| (!one.everywhere).then(|| units[&one.unit_id].range());
            let mut expected = HashSet::new();
            for (n, (a, one)) in all.iter().enumerate() {
                for (b, other) in &all[..n] {
                    if a.excludes(*b) && one.meets(other) && overlap(range(one), range(other)) {
                        match (a.row(), b.row()) {
                            (Some(a), Some(b)) => expected.insert((a.max(b), true)),
                            (row, other) => expected.insert((row.or(other).unwrap(), false)),
                        };
                    }
                }
            }
            // Of two rows the later one is named; which of those it meets, is not said.
            let found: HashSet<(usize, bool)> = clashes(all, &units)
                .into_iter()
                .map(|clash| match clash {
                    Clash::Row(row, _) => (row, true),
                    Clash::There(row, _) => (row, false),
                })
                .collect();
            prop_assert_eq!(found.is_empty(), expected.is_empty());
            prop_assert!(found.is_subset(&expected));
        }
    }
}
