//! Areas whose unit changes at a date. Source: R1, R2.

use super::*;
use jiff::SignedDuration;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn day(n: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * n)
}

fn row(region: &str, unit: &str) -> AreaRow {
    AreaRow { region: region.into(), unit_id: unit.into(), ..AreaRow::default() }
}

fn later(region: &str, unit: &str, n: i64) -> AreaRow {
    AreaRow { changes_from: Some(day(n)), ..row(region, unit) }
}

fn upload(areas: Vec<AreaRow>) -> Upload {
    Upload { areas, ..Upload::default() }
}

/// Units a, b and c; a answers for 440106.
fn known() -> Known {
    let unit =
        |id: &str| UnitRow { id: id.into(), name: id.into(), region: "440106".into(), ..UnitRow::default() };
    let units = Upload { units: ["a", "b", "c"].map(unit).into(), ..Upload::default() };
    let empty = Known { now: NOW, ..Known::default() };
    let units = plan(&units, &empty).unwrap().units_created;
    let known = Known { units: units.into_iter().map(|unit| (unit.id.clone(), unit)).collect(), ..empty };
    after(&upload(vec![row("440106", "a")]), &known)
}

/// What there is after an upload.
fn after(upload: &Upload, known: &Known) -> Known {
    let plan = plan(upload, known).unwrap();
    let mut known = known.clone();
    known.areas.retain(|area| !plan.areas_ended.contains(&area.id));
    let next = known.areas.iter().map(|area| area.id).max().unwrap_or_default() + 1;
    known.areas.extend((next..).zip(plan.areas_begun).map(|(id, area)| Area { id, ..area }));
    for (at, key) in plan.areas_unplanned {
        known.planned_areas.get_mut(&key).unwrap().remove(&at).unwrap();
    }
    for (at, key, unit) in plan.areas_planned {
        known.planned_areas.entry(key).or_default().insert(at, unit);
    }
    known.planned_areas.retain(|_, planned| !planned.is_empty());
    known
}

/// Who answers, by day; empty: nobody.
fn told(known: &Known) -> Vec<(i64, String)> {
    let now = known.areas.iter().map(|area| (0, area.unit_id.clone()));
    let planned = known.planned_areas.values().flatten();
    let day = |at: &Timestamp| at.duration_since(NOW).as_hours() / 24;
    now.chain(planned.map(|(at, unit)| (day(at), unit.clone().unwrap_or_default()))).collect()
}

fn are(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(day, unit)| (*day, (*unit).to_owned())).collect()
}

#[test]
fn an_area_goes_to_another_unit_at_a_date_and_then_to_nobody() {
    let plan_of = upload(vec![later("440106", "b", 31), later("440106", "", 60)]);
    let planned = after(&plan_of, &known());
    assert_eq!(told(&planned), are(&[(0, "a"), (31, "b"), (60, "")]));
    let again = plan(&plan_of, &planned).unwrap();
    assert!(again.is_empty() && again.unchanged == 2, "the same again is nothing new: {again:?}");
    // Where nobody answers yet somebody may from then on.
    let new = after(&upload(vec![later("440105", "c", 5)]), &known());
    assert_eq!(told(&new), are(&[(0, "a"), (5, "c")]));
}

#[test]
fn a_plan_is_given_up_by_saying_who_was_before_and_what_changes_nothing_is_none() {
    let planned = after(&upload(vec![later("440106", "b", 31)]), &known());
    assert_eq!(told(&after(&upload(vec![later("440106", "a", 31)]), &planned)), are(&[(0, "a")]));
    // At once what was planned: nothing is planned any more.
    assert_eq!(told(&after(&upload(vec![row("440106", "b")]), &planned)), are(&[(0, "b")]));
    // At once somebody else: what is planned stays.
    assert_eq!(told(&after(&upload(vec![row("440106", "c")]), &planned)), are(&[(0, "c"), (31, "b")]));
    let early = after(&upload(vec![later("440106", "b", 10)]), &planned);
    assert_eq!(told(&early), are(&[(0, "a"), (10, "b")]));
    assert!(plan(&upload(vec![later("440106", "a", 3)]), &planned).unwrap().is_empty());
}

#[test]
fn the_areas_given_are_all_there_are_now_and_later() {
    let planned = after(&upload(vec![later("440106", "b", 31)]), &known());
    let replace = |areas| Upload { areas, replace_areas: true, ..Upload::default() };
    assert_eq!(told(&after(&replace(vec![row("440105", "c")]), &planned)), are(&[(0, "c")]));
    assert_eq!(
        told(&after(&replace(vec![row("440106", "a")]), &planned)),
        are(&[(0, "a"), (31, "b")]),
        "who is given keeps what is planned"
    );
    assert_eq!(told(&after(&replace(vec![later("440106", "b", 31)]), &planned)), are(&[(31, "b")]));
}

#[test]
fn what_is_wrong_with_a_date_is_told_by_row() {
    let refused = |rows| -> Vec<String> {
        let found = plan(&upload(rows), &known()).unwrap_err();
        found.into_iter().map(|v| format!("{}: {}", v.field, v.rule)).collect()
    };
    assert_eq!(
        refused(vec![later("440106", "b", -2)]),
        ["areas[0].changes_from: not more than 24 hours ago: what was, stays"]
    );
    assert_eq!(
        refused(vec![later("440106", "b", 3), row("440106", "c"), later("440106", "c", 3)]),
        ["areas[2].region: this region and item are given twice"]
    );
    assert_eq!(refused(vec![row("440106", "")]), ["areas[0].unit_id: no unit ``, neither here nor known"]);
    assert_eq!(
        refused(vec![later("440106", "x", 3)]),
        ["areas[0].unit_id: no unit `x`, neither here nor known"]
    );
    // An old file that says what is so by now is nothing new, and of today it is at once.
    assert!(plan(&upload(vec![later("440106", "a", -2)]), &known()).unwrap().is_empty());
    assert_eq!(told(&after(&upload(vec![later("440106", "b", 0)]), &known())), are(&[(0, "b")]));
    assert_eq!(told(&after(&upload(vec![later("440106", "", 0)]), &known())), are(&[]));
}
