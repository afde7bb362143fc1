//! Units that change at a date. Source: R1.

use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::HashSet;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn day(n: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * n)
}

fn row(id: &str, parent: &str) -> UnitRow {
    UnitRow {
        id: id.into(),
        name: format!("单位 {id}"),
        parent_id: parent.into(),
        region: "440106".into(),
        ..UnitRow::default()
    }
}

fn later(id: &str, parent: &str, n: i64) -> UnitRow {
    UnitRow { changes_from: Some(day(n)), ..row(id, parent) }
}

fn upload(units: Vec<UnitRow>) -> Upload {
    Upload { units, ..Upload::default() }
}

fn known() -> Known {
    Known { now: NOW, ..Known::default() }
}

/// What there is after an upload.
fn after(rows: Vec<UnitRow>, known: &Known) -> Known {
    let plan = plan(&upload(rows), known).unwrap();
    let mut known = known.clone();
    known.units.extend(plan.units_created.into_iter().chain(plan.units_changed).map(|u| (u.id.clone(), u)));
    for (unit, at) in plan.units_unplanned {
        known.planned.get_mut(&unit).unwrap().remove(&at).unwrap();
    }
    for (at, unit) in plan.units_planned {
        known.planned.entry(unit.id.clone()).or_default().insert(at, unit);
    }
    known.planned.retain(|_, planned| !planned.is_empty());
    known
}

/// Cities a and b with county x below a.
fn cities() -> Known {
    after(vec![row("a", ""), row("b", ""), row("x", "a")], &known())
}

fn parents(known: &Known, id: &str) -> Vec<(i64, String)> {
    let planned = known.planned.get(id).into_iter().flatten();
    planned
        .map(|(at, unit)| {
            (at.duration_since(NOW).as_hours() / 24, unit.parent_id.clone().unwrap_or_default())
        })
        .collect()
}

fn refused(rows: Vec<UnitRow>, known: &Known) -> Vec<String> {
    let found = plan(&upload(rows), known).unwrap_err();
    found.into_iter().map(|v| format!("{}: {}", v.field, v.rule)).collect()
}

#[test]
fn a_move_is_planned_and_the_unit_stays_where_it_is_until_then() {
    let before = cities();
    let moved = after(vec![later("x", "b", 31)], &before);
    assert_eq!(moved.units, before.units);
    assert_eq!(parents(&moved, "x"), [(31, "b".to_owned())]);
    let again = plan(&upload(vec![later("x", "b", 31), row("x", "a")]), &moved).unwrap();
    assert!(again.is_empty() && again.unchanged == 2, "the same again is nothing new: {again:?}");
    // Only what differs from what it is then is a plan.
    let same = plan(&upload(vec![later("x", "a", 3), later("x", "b", 40)]), &moved).unwrap();
    assert!(same.is_empty() && same.unchanged == 2, "{same:?}");
}

#[test]
fn a_plan_is_given_up_by_saying_what_was_before() {
    let moved = after(vec![later("x", "b", 31)], &cities());
    let given_up = after(vec![later("x", "a", 31)], &moved);
    assert!(given_up.planned.is_empty() && given_up.units == cities().units);
}

#[test]
fn a_change_at_once_goes_into_what_is_planned_but_for_what_was_planned_to_change() {
    let moved = after(vec![later("x", "b", 31)], &cities());
    let renamed = after(vec![UnitRow { name: "新名".into(), ..row("x", "a") }], &moved);
    let then = &renamed.planned["x"][&day(31)];
    assert_eq!((then.name.as_str(), then.parent_id.as_deref()), ("新名", Some("b")));
    // What was planned is so already: nothing is planned any more.
    let early = after(vec![row("x", "b")], &moved);
    assert_eq!(parents(&early, "x"), []);
    assert_eq!(early.units["x"].parent_id.as_deref(), Some("b"));
}

#[test]
fn a_plan_before_another_goes_into_it() {
    let moved = after(vec![later("x", "b", 31)], &cities());
    let both = after(vec![UnitRow { name: "新名".into(), ..later("x", "a", 10) }], &moved);
    let names: Vec<_> = both.planned["x"].values().map(|unit| unit.name.as_str()).collect();
    assert_eq!(
        (parents(&both, "x"), names),
        (vec![(10, "a".into()), (31, "b".into())], vec!["新名", "新名"])
    );
}

#[test]
fn circles_are_found_at_every_instant() {
    let moved = after(vec![later("a", "x", 10), later("x", "", 10)], &cities());
    // Now x is below a, from day 10 on a below x: either alone would be a circle.
    assert_eq!(
        refused(vec![later("a", "x", 9)], &moved),
        ["units[0].parent_id: a circle: a → x → a, from 1970-01-10T00:00:00Z on"]
    );
    assert_eq!(
        refused(vec![row("b", "x"), later("a", "b", 5)], &cities()),
        [
            "units[1].parent_id: a circle: a → b → x → a, from 1970-01-06T00:00:00Z on",
            "units[0].parent_id: a circle: b → x → a → b, from 1970-01-06T00:00:00Z on",
        ]
    );
    // What is planned counts against what is done at once.
    let planned = after(vec![later("a", "b", 7)], &cities());
    assert_eq!(
        refused(vec![row("b", "x")], &planned),
        ["units[0].parent_id: a circle: b → x → a → b, from 1970-01-08T00:00:00Z on"]
    );
}

#[test]
fn what_was_stays_and_what_is_not_there_cannot_change() {
    let late = refused(vec![later("x", "b", -2)], &cities());
    assert_eq!(late, ["units[0].changes_from: not more than 24 hours ago: what was, stays"]);
    let today = after(vec![later("x", "b", 0)], &cities());
    assert_eq!(today.units["x"].parent_id.as_deref(), Some("b"));
    // An old file that says what is so by now is nothing new.
    assert!(plan(&upload(vec![later("x", "b", -2)]), &today).unwrap().is_empty());
    let new = refused(vec![later("y", "b", 3)], &cities());
    assert_eq!(
        new,
        ["units[0].changes_from: `y` is not there yet: `valid_from` says from when on it takes part"]
    );
    assert_eq!(parents(&after(vec![later("y", "b", 3), row("y", "a")], &cities()), "y"), [(3, "b".into())]);
    assert_eq!(
        refused(vec![later("x", "b", 3), later("x", "", 3)], &cities()),
        ["units[1].id: `x` is given twice"]
    );
    let many = |n| (1..=n).map(|n| later("x", if n % 2 == 0 { "a" } else { "b" }, n)).collect();
    assert_eq!(plan(&upload(many(366)), &cities()).unwrap().units_planned.len(), 366);
    let full = after(many(366), &cities());
    assert_eq!(plan(&upload(vec![row("y", "")]), &full).unwrap().units_created.len(), 1, "others go on");
    assert_eq!(
        refused(many(367), &cities()),
        ["units: changes of units are planned for at most 366 instants in all"]
    );
}

proptest! {
    /// Whatever is accepted leads to a root from every unit at every instant, and what is refused as a circle is one.
    #[test]
    fn no_tree_ever_has_a_circle(
        uploads in prop::collection::vec(
            prop::collection::vec((0_usize..6, 0_usize..7, 0_i64..4), 1..4),
            1..8,
        ),
    ) {
        let name = |n: usize| if n < 6 { format!("u{n}") } else { String::new() };
        let mut there = after((0..6).map(|n| row(&name(n), "")).collect(), &known());
        for rows in uploads {
            let rows: Vec<UnitRow> = rows.into_iter().map(|(unit, parent, n)| later(&name(unit), &name(parent), n)).collect();
            let tried = plan(&upload(rows.clone()), &there);
            if let Err(found) = tried {
                prop_assert!(!found.is_empty());
                continue;
            }
            there = after(rows, &there);
            for n in 0..4 {
                for unit in there.units.keys() {
                    let (mut at, mut passed) = (unit.clone(), HashSet::new());
                    loop {
                        prop_assert!(passed.insert(at.clone()), "a circle through {at} on day {n}");
                        let planned = there.planned.get(&at).and_then(|planned| planned.range(..=day(n)).next_back());
                        let state = planned.map_or(&there.units[&at], |(_, unit)| unit);
                        match &state.parent_id {
                            Some(parent) => at.clone_from(parent),
                            None => break,
                        }
                    }
                }
            }
        }
    }
}
