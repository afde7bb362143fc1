//! Staff who change at a date. Source: R1.

use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn day(n: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * n)
}

fn row(id: &str, unit: &str) -> PrincipalRow {
    PrincipalRow {
        id: id.into(),
        name: "李伟".into(),
        roles: vec!["handler".into()],
        unit_ids: vec![unit.into()],
        ..PrincipalRow::default()
    }
}

fn later(id: &str, unit: &str, n: i64) -> PrincipalRow {
    PrincipalRow { changes_from: Some(day(n)), ..row(id, unit) }
}

fn gone(row: PrincipalRow) -> PrincipalRow {
    PrincipalRow { active: Some(false), ..row }
}

fn upload(principals: Vec<PrincipalRow>) -> Upload {
    Upload { principals, ..Upload::default() }
}

/// Units a, b and c; li is of a.
fn known() -> Known {
    let unit =
        |id: &str| UnitRow { id: id.into(), name: id.into(), region: "440106".into(), ..UnitRow::default() };
    let units = Upload { units: ["a", "b", "c"].map(unit).into(), ..Upload::default() };
    let empty = Known { now: NOW, default_issuer: "i".into(), ..Known::default() };
    let units = plan(&units, &empty).unwrap().units_created;
    let known = Known { units: units.into_iter().map(|unit| (unit.id.clone(), unit)).collect(), ..empty };
    after(vec![row("li", "a")], &known)
}

/// What there is after an upload.
fn after(rows: Vec<PrincipalRow>, known: &Known) -> Known {
    let plan = plan(&upload(rows), known).unwrap();
    let mut known = known.clone();
    let written = plan.principals_created.into_iter().chain(plan.principals_changed);
    known.principals.extend(written.map(|principal| (principal.id.clone(), principal)));
    for (id, at) in plan.principals_unplanned {
        let planned = known.planned_principals.get_mut(&id).and_then(|planned| planned.remove(&at)).is_some();
        let failed = known.failed_principals.get_mut(&id).is_some_and(|failed| failed.remove(&at));
        assert!(planned != failed, "{id} {at}");
    }
    for (at, principal) in plan.principals_planned {
        known.planned_principals.entry(principal.id.clone()).or_default().insert(at, principal);
    }
    known.planned_principals.retain(|_, planned| !planned.is_empty());
    known.failed_principals.retain(|_, failed| !failed.is_empty());
    known
}

/// Where somebody is, by day; `-` before a unit: they are not active there.
fn told(known: &Known, id: &str) -> Vec<(i64, String)> {
    let day = |at: &Timestamp| at.duration_since(NOW).as_hours() / 24;
    let place = |of: &Principal| format!("{}{}", if of.active { "" } else { "-" }, of.unit_ids.join(","));
    let now = known.principals.get(id).map(|principal| (0, place(principal)));
    let planned = known.planned_principals.get(id).into_iter().flatten();
    now.into_iter().chain(planned.map(|(at, principal)| (day(at), place(principal)))).collect()
}

fn are(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(day, place)| (*day, (*place).to_owned())).collect()
}

fn refused(rows: Vec<PrincipalRow>, known: &Known) -> Vec<String> {
    let found = plan(&upload(rows), known).unwrap_err();
    found.into_iter().map(|v| format!("{}: {}", v.field, v.rule)).collect()
}

#[test]
fn somebody_goes_to_another_unit_at_a_date_and_leaves_at_a_later_one() {
    let rows = vec![later("li", "b", 31), gone(later("li", "b", 60))];
    let planned = after(rows.clone(), &known());
    assert_eq!(told(&planned, "li"), are(&[(0, "a"), (31, "b"), (60, "-b")]));
    let again = plan(&upload(rows), &planned).unwrap();
    assert!(again.is_empty() && again.unchanged == 2, "the same again is nothing new: {again:?}");
    // Nor is every day's file of what is so now.
    assert!(plan(&upload(vec![row("li", "a")]), &planned).unwrap().is_empty());
}

#[test]
fn who_is_not_there_yet_comes_at_a_date_or_not_at_all() {
    let planned = after(vec![later("wang", "b", 5), later("wang", "c", 9)], &known());
    assert_eq!(told(&planned, "wang"), are(&[(5, "b"), (9, "c")]));
    assert!(!planned.principals.contains_key("wang"));
    // Who was to come earlier: the rest of the plan stays.
    assert_eq!(told(&after(vec![row("wang", "a")], &planned), "wang"), are(&[(0, "a"), (5, "b"), (9, "c")]));
    let given_up = after(vec![gone(later("wang", "b", 5))], &planned);
    assert_eq!(told(&given_up, "wang"), are(&[]), "who does not come does not change either");
    let nobody = plan(&upload(vec![gone(later("wang", "b", 5))]), &known()).unwrap();
    assert!(nobody.is_empty() && nobody.unchanged == 1, "{nobody:?}");
}

#[test]
fn a_change_at_once_goes_into_what_is_planned_but_for_what_is_planned_to_change() {
    let planned = after(vec![later("li", "b", 31)], &known());
    let renamed =
        |unit: &str| PrincipalRow { name: "李维".into(), email: "li@x.cn".into(), ..row("li", unit) };
    let followed = after(vec![renamed("c")], &planned);
    assert_eq!(told(&followed, "li"), are(&[(0, "c"), (31, "b")]), "the unit stays planned");
    let then = &followed.planned_principals["li"][&day(31)];
    assert_eq!((then.name.as_str(), then.email.as_deref()), ("李维", Some("li@x.cn")));
    // Who is let go at once does not come back because a move was planned.
    let let_go = after(vec![gone(row("li", "a"))], &planned);
    assert_eq!(told(&let_go, "li"), are(&[(0, "-a"), (31, "-b")]));
    // At once what was planned: nothing is planned any more.
    assert_eq!(told(&after(vec![row("li", "b")], &planned), "li"), are(&[(0, "b")]));
    // Given up by saying what was before.
    assert_eq!(told(&after(vec![later("li", "a", 31)], &planned), "li"), are(&[(0, "a")]));
}

#[test]
fn what_is_wrong_with_a_planned_row_is_told_by_field() {
    let king = PrincipalRow { roles: vec!["king".into()], ..later("li", "x", 3) };
    let known = known();
    let found =
        refused(vec![king, later("wang", "b", -2), later("zhao", "b", 3), later("zhao", "c", 3)], &known);
    assert_eq!(
        found.iter().map(|v| v.split(", ").next().unwrap()).collect::<Vec<_>>(),
        [
            "principals[0].roles[0]: one of administrator",
            "principals[0].unit_ids[0]: no unit `x`",
            "principals[1].changes_from: not more than 24 hours ago: what was",
            "principals[3].id: `zhao` is given twice",
        ]
    );
    let citizen = PrincipalRow { kind: Some(PrincipalKind::Citizen), ..later("c", "a", 3) };
    assert_eq!(
        refused(vec![citizen], &known),
        ["principals[0].changes_from: not of a citizen: they change at once"]
    );
    // An old file that says what is so by now is nothing new, and of today it is at once.
    assert!(plan(&upload(vec![later("li", "a", -2)]), &known).unwrap().is_empty());
    assert_eq!(told(&after(vec![later("li", "b", 0)], &known), "li"), are(&[(0, "b")]));
}

#[test]
fn a_citizen_has_no_plans_also_when_they_were_staff() {
    let planned = after(vec![later("li", "b", 31)], &known());
    let erased = PrincipalRow { kind: Some(PrincipalKind::Citizen), name: "-".into(), ..row("li", "a") };
    let erased = after(vec![erased], &planned);
    assert!(erased.planned_principals.is_empty());
    assert_eq!(erased.principals["li"].name, "-");
}

#[test]
fn a_token_belongs_to_one_person_at_a_time() {
    let token = |row: PrincipalRow, subject: &str| PrincipalRow { subject: subject.into(), ..row };
    let known = after(vec![row("wang", "b")], &known());
    let takes = token(later("wang", "b", 9), "li");
    assert_eq!(
        refused(vec![takes.clone()], &known),
        ["principals[0].subject: `li` has this issuer and subject, from 1970-01-10T00:00:00Z on"]
    );
    // Once it is free it may be taken, by a plan and by a later upload.
    let free = token(later("li", "a", 5), "li.old");
    assert!(plan(&upload(vec![takes.clone(), free.clone()]), &known).is_ok());
    let freed = after(vec![free], &known);
    let both = after(vec![takes], &freed);
    // Whoever takes it at once takes it from who has it now, and from who is to have it.
    assert_eq!(
        refused(vec![token(row("zhao", "c"), "li")], &both),
        ["principals[0].subject: `li` has this issuer and subject"]
    );
    // Who keeps it after all has it when somebody else was to take it.
    assert_eq!(
        refused(vec![later("li", "a", 5)], &both),
        ["principals[0].subject: `wang` has this issuer and subject, from 1970-01-10T00:00:00Z on"]
    );
    // At one instant two may exchange theirs.
    let swap = vec![token(later("li", "a", 9), "wang"), token(later("wang", "b", 9), "li")];
    assert!(plan(&upload(swap), &known).is_ok());
}

#[test]
fn what_failed_is_answered_by_what_is_done_about_the_person_and_by_giving_it_up() {
    let failed = BTreeSet::from([day(-5)]);
    let known = Known { failed_principals: HashMap::from([("li".into(), failed)]), ..known() };
    let open = |known: &Known| known.failed_principals.len();
    assert_eq!(open(&after(vec![row("li", "a")], &known)), 1, "every day's file answers nothing");
    assert_eq!(open(&after(vec![row("li", "b")], &known)), 0);
    assert_eq!(open(&after(vec![later("li", "b", 3)], &known)), 0);
    assert_eq!(open(&after(vec![later("li", "a", -5)], &known)), 0, "given up");
    let absent = BTreeSet::from([day(-5)]);
    let known = Known { failed_principals: HashMap::from([("wang".into(), absent)]), ..known };
    let given_up = after(vec![gone(later("wang", "a", -5))], &known);
    assert_eq!((open(&given_up), told(&given_up, "wang")), (0, are(&[])));
}

proptest! {
    /// Whatever rows come, a plan changes something, and the same rows again change nothing.
    #[test]
    fn plans_are_tidy(uploads in prop::collection::vec(
        prop::collection::btree_map(0_i64..4, (prop::sample::select(vec!["a", "b", "c"]), prop::bool::ANY), 1..4), 1..6,
    )) {
        for id in ["li", "wang"] {
            let mut known = known();
            for rows in &uploads {
                let rows: Vec<_> = rows.iter().map(|(at, (unit, active))| {
                    let made = if *at == 0 { row(id, unit) } else { later(id, unit, *at) };
                    if *active { made } else { gone(made) }
                }).collect();
                known = after(rows.clone(), &known);
                let again = plan(&upload(rows), &known).unwrap();
                prop_assert!(again.is_empty(), "{again:?}");
                let states = told(&known, id);
                prop_assert!(states.windows(2).all(|two| two[0].1 != two[1].1), "{states:?}");
                let comes = known.principals.contains_key(id) || states.first().is_none_or(|first| !first.1.starts_with('-'));
                prop_assert!(comes, "{states:?}");
            }
        }
    }
}
