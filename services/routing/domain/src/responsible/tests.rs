use super::*;
use crate::{
    Unit, UnitKind,
    decide::PersonEntry,
    duty::{DutyBook, Leave, Roster, Shift, Swap},
};
use gongdan_region::RegionCode;
use jiff::civil::time;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Monday, 10:00 in 上海.
fn monday() -> Timestamp {
    at("2026-11-30T02:00:00Z")
}

fn customer() -> Charge {
    Charge::Customer(Uuid::from_u128(77))
}

fn lamp() -> Charge {
    Charge::Asset("LAMP-7".into())
}

fn one(id: u128, charge: Charge, item: &str, person: &str) -> Responsibility {
    Responsibility {
        id: Uuid::from_u128(id),
        charge,
        item: item.into(),
        person_id: person.into(),
        unit_id: "roads".into(),
        from: None,
        until: None,
        everywhere: true,
    }
}

/// Counts within the region of a unit only.
fn within(unit: &str, one: Responsibility) -> Responsibility {
    Responsibility { unit_id: unit.into(), everywhere: false, ..one }
}

fn dated(one: Responsibility, from: Option<&str>, until: Option<&str>) -> Responsibility {
    Responsibility { from: from.map(at), until: until.map(at), ..one }
}

fn people() -> HashMap<String, PersonEntry> {
    HashMap::from([
        ("li.wei".to_owned(), PersonEntry::of(["roads"])),
        ("wang.fang".to_owned(), PersonEntry::of(["roads", "env"])),
        ("zhao.min".to_owned(), PersonEntry::of(["env"])),
        ("gao.yuan".to_owned(), PersonEntry::of(["haizhu", "city", "roads"])),
        ("clerk".to_owned(), PersonEntry { handles: false, ..PersonEntry::of(["roads"]) }),
        ("gone".to_owned(), PersonEntry { active: false, ..PersonEntry::of(["roads"]) }),
    ])
}

fn units() -> HashMap<String, Unit> {
    let unit = |id: &str, region: &str| Unit {
        id: id.into(),
        name: id.into(),
        kind: UnitKind::Unit,
        parent_id: None,
        region: RegionCode::parse(region).unwrap(),
        valid_from: None,
        valid_to: None,
    };
    [("roads", "440106"), ("env", "440106"), ("haizhu", "440105"), ("city", "4401")]
        .map(|(id, region)| (id.to_owned(), unit(id, region)))
        .into()
}

fn leave(person: &str, stand_in: Option<&str>) -> Leave {
    Leave {
        id: Uuid::from_u128(1),
        person_id: person.into(),
        from: at("2026-11-30T00:00:00Z"),
        until: at("2026-12-01T00:00:00Z"),
        stand_in_id: stand_in.map(Into::into),
        reason: String::new(),
    }
}

fn rostered(person: &str, first: i8, last: i8) -> Roster {
    Roster {
        id: "days".into(),
        name: "days".into(),
        unit_id: "roads".into(),
        time_zone: "Asia/Shanghai".into(),
        capacity: 0,
        capacities: BTreeMap::new(),
        shifts: vec![Shift {
            name: "day".into(),
            person_ids: vec![person.into()],
            weekdays: vec![1],
            dates: BTreeSet::new(),
            except: BTreeSet::new(),
            first_day: None,
            last_day: None,
            start: time(first, 0, 0, 0),
            end: time(last, 0, 0, 0),
        }],
    }
}

fn attendance(person: &str, duty: &DutyBook) -> Attendance {
    let found = [one(1, lamp(), "", person)];
    answerable(&found, "x", &people(), &HashSet::new(), duty, monday()).remove(0).attendance
}

#[test]
fn an_asset_comes_before_a_customer_and_a_branch_before_the_whole_catalogue() {
    let found = [
        one(1, customer(), "环境/噪音", "a"),
        one(2, lamp(), "", "b"),
        one(3, customer(), "", "c"),
        one(4, lamp(), "环境", "d"),
        one(5, lamp(), "道路", "e"),
        one(6, lamp(), "环境/噪", "f"),
        dated(one(7, lamp(), "环境/噪音", "g"), Some("2026-12-01T00:00:00Z"), None),
        dated(one(8, lamp(), "环境/噪音", "h"), None, Some("2026-11-30T02:00:00Z")),
    ];
    let order = |item: &str| -> Vec<String> {
        let all = answerable(&found, item, &people(), &HashSet::new(), &DutyBook::default(), monday());
        all.into_iter().map(|one| one.person_id).collect()
    };
    assert_eq!(order("环境/噪音"), ["d", "b", "a", "c"]);
    assert_eq!(order("道路/坑洼"), ["e", "b", "c"]);
    assert_eq!(order(""), ["b", "c"]);
}

#[test]
fn who_is_there_is_there_and_who_is_not_says_why() {
    let free = DutyBook::default();
    assert_eq!(attendance("li.wei", &free), Attendance::There);
    assert_eq!(attendance("gone", &free), Attendance::Inactive);
    assert_eq!(attendance("never.was", &free), Attendance::Inactive);
    assert_eq!(attendance("zhao.min", &free), Attendance::LeftUnit);
    assert_eq!(attendance("clerk", &free), Attendance::NoHandler);
    let by_roster = |first, last| DutyBook::new(vec![rostered("li.wei", first, last)], vec![], vec![]);
    assert_eq!(attendance("li.wei", &by_roster(8, 18)), Attendance::There);
    assert_eq!(attendance("li.wei", &by_roster(18, 22)), Attendance::OffDuty);
    let swap = Swap {
        roster_id: "days".into(),
        shift: "day".into(),
        day: jiff::civil::date(2026, 11, 30),
        person_id: "li.wei".into(),
        stand_in_id: "wang.fang".into(),
    };
    let swapped = DutyBook::new(vec![rostered("li.wei", 8, 18)], vec![], vec![swap]);
    assert_eq!(attendance("li.wei", &swapped), Attendance::OffDuty);
}

#[test]
fn whether_it_may_be_sensitive_is_asked_of_whoever_would_get_it() {
    let cleared = |who: &str, leaves: Vec<Leave>| {
        let (found, cleared) = ([one(1, lamp(), "", "li.wei")], HashSet::from([who.to_owned()]));
        let duty = DutyBook::new(vec![], leaves, vec![]);
        let one = answerable(&found, "x", &people(), &cleared, &duty, monday()).remove(0);
        (one.taker().to_owned(), one.cleared)
    };
    let away = || vec![leave("li.wei", Some("wang.fang"))];
    assert_eq!(cleared("li.wei", vec![]), ("li.wei".to_owned(), true));
    assert_eq!(cleared("wang.fang", vec![]), ("li.wei".to_owned(), false));
    assert_eq!(cleared("wang.fang", away()), ("wang.fang".to_owned(), true));
    assert_eq!(cleared("li.wei", away()), ("wang.fang".to_owned(), false));
}

#[test]
fn a_stand_in_is_active_of_the_same_unit_and_there() {
    let away = |stand_in: Option<&str>| Attendance::Away { stand_in_id: stand_in.map(Into::into) };
    let on_leave = |leaves: Vec<Leave>| attendance("li.wei", &DutyBook::new(vec![], leaves, vec![]));
    assert_eq!(on_leave(vec![leave("li.wei", Some("wang.fang"))]), away(Some("wang.fang")));
    assert_eq!(on_leave(vec![leave("li.wei", None)]), away(None));
    for no in ["gone", "zhao.min", "never.was", "clerk"] {
        assert_eq!(on_leave(vec![leave("li.wei", Some(no))]), away(None), "{no}");
    }
    let both = vec![leave("li.wei", Some("wang.fang")), leave("wang.fang", None)];
    assert_eq!(on_leave(both), away(None));
    let rostered = |first, last| {
        let roster = vec![rostered("li.wei", first, last)];
        attendance("li.wei", &DutyBook::new(roster, vec![leave("li.wei", Some("wang.fang"))], vec![]))
    };
    assert_eq!(rostered(8, 18), away(Some("wang.fang")), "the stand-in has the shift");
    assert_eq!(rostered(18, 22), away(None), "nobody has one now");
}

fn check(
    rows: Vec<Responsibility>,
    there: &[Responsibility],
    replace: bool,
) -> Result<Put, Vec<(String, String)>> {
    check_as(rows, there, replace, |_| true)
}

/// As somebody who may change only some of what is there, and see no others.
fn check_as(
    rows: Vec<Responsibility>,
    there: &[Responsibility],
    replace: bool,
    may: impl Fn(&Responsibility) -> bool,
) -> Result<Put, Vec<(String, String)>> {
    let path = |n: usize, field: &str| format!("rows[{n}].{field}");
    let (units, people) = (units(), people());
    let known =
        Known { there, units: &units, people: &people, now: monday(), may_change: &may, may_see: &may };
    let how = if replace { How::Replace } else { How::Add };
    check_all(rows, how, known, path).map_err(|found| found.into_iter().map(|v| (v.field, v.rule)).collect())
}

/// In the place of the one with its id.
fn change(row: Responsibility, there: &[Responsibility]) -> Result<Put, Vec<(String, String)>> {
    let (units, people) = (units(), people());
    let all = |_: &Responsibility| true;
    let known =
        Known { there, units: &units, people: &people, now: monday(), may_change: &all, may_see: &all };
    check_all(vec![row], How::Change, known, |_, field| field.to_owned())
        .map_err(|found| found.into_iter().map(|v| (v.field, v.rule)).collect())
}

#[test]
fn what_is_wrong_with_a_row_is_named_by_field_and_rule() {
    let good = one(1, lamp(), "环境/噪音", "li.wei");
    for (row, field, rule) in [
        (one(1, lamp(), "", "nobody"), "person_id", "no person `nobody`"),
        (one(1, lamp(), "", "gone"), "person_id", "`gone` is not active"),
        (
            one(1, lamp(), "", "clerk"),
            "person_id",
            "`clerk` takes no tickets on: neither handler nor unit leader",
        ),
        (one(1, lamp(), "", "zhao.min"), "unit_id", "`zhao.min` does not belong to `roads`"),
        (Responsibility { unit_id: "x".into(), ..good.clone() }, "unit_id", "no unit `x`"),
        (Responsibility { unit_id: String::new(), ..good.clone() }, "unit_id", "`li.wei` belongs to no unit"),
        (
            Responsibility { unit_id: String::new(), ..one(1, lamp(), "", "nobody") },
            "person_id",
            "no person `nobody`",
        ),
        (
            Responsibility { charge: Charge::Asset("灯杆 7".into()), ..good.clone() },
            "asset",
            "1 to 64 of A-Z, a-z, 0-9, '.', '_', '-', '/' and ':'",
        ),
        (one(1, lamp(), "a//b", "li.wei"), "item", "names joined by `/`, none empty"),
        (one(1, lamp(), &"长".repeat(401), "li.wei"), "item", "up to 400 characters, one line"),
        (
            dated(good.clone(), Some("2026-12-01T00:00:00Z"), Some("2026-12-01T00:00:00Z")),
            "valid_to",
            "after `valid_from`",
        ),
    ] {
        let refused = check(vec![good.clone(), row], &[], false).unwrap_err();
        assert_eq!(refused, [(format!("rows[1].{field}"), rule.to_owned())]);
    }
    let many = vec![one(1, lamp(), "", "nobody"); 300];
    assert_eq!(check(many, &[], false).unwrap_err().len(), 100);
}

#[test]
fn two_answer_for_the_same_at_different_times_only() {
    let day = |n: u8| format!("2026-12-{n:02}T00:00:00Z");
    let of = |id: u128, person: &str, from: Option<u8>, until: Option<u8>| {
        let row = one(id, lamp(), "", person);
        dated(row, from.map(day).as_deref(), until.map(day).as_deref())
    };
    let first = of(1, "li.wei", None, Some(10));
    let next = of(2, "wang.fang", Some(10), None);
    assert_eq!(check(vec![first.clone(), next], &[], false).unwrap().write.len(), 2);
    let clash = check(vec![first.clone(), of(2, "wang.fang", Some(9), None)], &[], false).unwrap_err();
    assert_eq!(clash, [("rows[1].valid_from".into(), "for the same and at the same time as rows[0]".into())]);
    // One that lies within a long one clashes with it, whatever came between.
    let rows = vec![
        of(1, "li.wei", None, None),
        of(2, "li.wei", Some(2), Some(3)),
        of(3, "li.wei", Some(5), Some(6)),
    ];
    assert_eq!(check(rows, &[], false).unwrap_err().len(), 2);
    // Another branch, or another asset, is another matter.
    let other = vec![first.clone(), one(2, lamp(), "环境", "wang.fang"), one(3, customer(), "", "wang.fang")];
    assert_eq!(check(other, &[], false).unwrap().write.len(), 3);

    let said =
        check(vec![of(2, "wang.fang", Some(9), None)], std::slice::from_ref(&first), false).unwrap_err();
    assert_eq!(
        said,
        [(
            "rows[0].valid_from".into(),
            format!("`li.wei` answers for it at the same time: {}", Uuid::from_u128(1))
        )]
    );
}

#[test]
fn one_that_is_changed_takes_the_place_of_itself_and_of_no_other_that_says_the_same() {
    let there = [one(1, lamp(), "", "li.wei"), one(2, lamp(), "环境", "li.wei")];
    let changed = one(1, lamp(), "", "wang.fang");
    assert_eq!(change(changed.clone(), &there).unwrap(), Put { write: vec![changed], ..Put::default() });
    let as_it_is = change(there[0].clone(), &there).unwrap();
    assert_eq!(as_it_is, Put { unchanged: vec![there[0].id], ..Put::default() });
    // From the branch to the whole catalogue, which another one answers for.
    let said = format!("`li.wei` answers for it at the same time: {}", there[0].id);
    let refused = change(one(2, lamp(), "", "li.wei"), &there).unwrap_err();
    assert_eq!(refused, [("valid_from".to_owned(), said)]);
    // From another asset.
    let moved = change(one(9, lamp(), "", "li.wei"), &there).unwrap_err();
    assert_eq!(moved.len(), 1);
}

#[test]
fn an_import_leaves_what_is_as_given_and_replaces_the_rest_only_when_told_to() {
    let there = [
        one(1, lamp(), "", "li.wei"),
        one(2, customer(), "", "li.wei"),
        one(3, customer(), "环境", "li.wei"),
    ];
    let rows = vec![one(11, lamp(), "", "li.wei"), one(12, customer(), "", "wang.fang")];
    assert_eq!(check(rows.clone(), &there, false).unwrap_err().len(), 1);
    let put = check(rows.clone(), &there, true).unwrap();
    let id = |n: u128| Uuid::from_u128(n);
    let expected = Put { write: vec![rows[1].clone()], gone: vec![id(2)], unchanged: vec![id(1)] };
    assert_eq!(put, expected, "what is for another branch stays");
}

#[test]
fn those_whose_regions_lie_apart_answer_for_the_same_at_the_same_time() {
    let of = |id: u128, unit: &str| within(unit, one(id, lamp(), "", "gao.yuan"));
    let there = [of(1, "haizhu")];
    let put = check(vec![of(2, "roads")], &there, false).unwrap();
    assert_eq!(put, Put { write: vec![of(2, "roads")], ..Put::default() });
    for meets in
        [of(2, "city"), within("haizhu", one(2, lamp(), "", "gao.yuan")), one(2, lamp(), "", "li.wei")]
    {
        let dated = dated(meets, Some("2026-12-01T00:00:00Z"), None);
        assert_eq!(check(vec![dated.clone()], &there, false).unwrap_err().len(), 1, "{dated:?}");
        // Whichever begins first, given or there.
        assert_eq!(
            check(vec![of(3, "haizhu")], std::slice::from_ref(&dated), false).unwrap_err().len(),
            1,
            "{dated:?}"
        );
        assert_eq!(check(vec![of(3, "haizhu"), dated], &[], false).unwrap_err()[0].0, "rows[1].valid_from");
    }
    assert_eq!(check(vec![of(2, "haizhu"), of(3, "roads")], &[], false).unwrap().write.len(), 2);
}

#[test]
fn what_says_the_same_stays_and_counts_further_when_it_is_said_for_everywhere() {
    let narrow = within("roads", one(1, lamp(), "", "li.wei"));
    let wide = one(2, lamp(), "", "li.wei");
    let put = check(vec![wide.clone()], std::slice::from_ref(&narrow), false).unwrap();
    let widened = Responsibility { id: narrow.id, ..wide.clone() };
    assert_eq!(put, Put { write: vec![widened], ..Put::default() });
    let put = check(vec![narrow.clone()], std::slice::from_ref(&wide), false).unwrap();
    assert_eq!(put, Put { unchanged: vec![wide.id], ..Put::default() });
    // It is still everywhere: another region's row meets it.
    let rows = vec![narrow, within("haizhu", one(3, lamp(), "", "gao.yuan"))];
    assert_eq!(check(rows, &[wide], false).unwrap_err().len(), 1);
}

#[test]
fn what_somebody_may_not_change_is_not_replaced_and_named_only_to_who_may_see_it() {
    let there = [one(1, lamp(), "", "wang.fang"), within("haizhu", one(2, customer(), "", "gao.yuan"))];
    let own = |one: &Responsibility| !one.everywhere && one.unit_id == "roads";
    let row = |charge| within("roads", one(9, charge, "", "li.wei"));
    let refused = check_as(vec![row(lamp())], &there, true, own).unwrap_err();
    let said = "somebody whom you may not see answers for it at the same time";
    assert_eq!(refused, [("rows[0].valid_from".to_owned(), said.to_owned())]);
    let put = check_as(vec![row(customer())], &there, true, own).unwrap();
    assert_eq!((put.write.len(), put.gone), (1, vec![]), "what lies elsewhere stays");
}

#[test]
fn twenty_thousand_periods_of_one_asset_are_not_compared_each_with_each() {
    let at = |n: i64| Timestamp::from_second(n).ok();
    let row = |n: u32, person: &str| Responsibility {
        from: at(i64::from(n) * 10),
        until: at(i64::from(n) * 10 + 10),
        ..one(u128::from(n) + 1, lamp(), "", person)
    };
    let of = |person: &str| -> Vec<_> { (0..20_000).map(|n| row(n, person)).collect() };
    let there = of("li.wei");
    let started = std::time::Instant::now();
    assert_eq!(check(of("li.wei"), &there, false).unwrap().unchanged.len(), 20_000);
    let mut others = of("wang.fang");
    others.iter_mut().for_each(|one| one.id = Uuid::from_u128(one.id.as_u128() + 100_000));
    assert_eq!(check(others.clone(), &there, false).unwrap_err().len(), 100);
    assert_eq!(check(others, &there, true).unwrap().gone.len(), 20_000);
    // A comparison of each with each takes minutes.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn nobody_answers_for_a_unit_that_has_ended() {
    let (mut units, people) = (units(), people());
    let all = |_: &Responsibility| true;
    let check = |units: &HashMap<String, Unit>, row: Responsibility| {
        let known =
            Known { there: &[], units, people: &people, now: monday(), may_change: &all, may_see: &all };
        let put = check_all(vec![row], How::Add, known, |_, field| field.to_owned());
        put.map(|put| put.write.len()).map_err(|found| found[0].rule.clone())
    };
    let row = || one(1, lamp(), "", "li.wei");
    let until = |end: &str| dated(row(), None, Some(end));
    units.get_mut("roads").unwrap().valid_to = Some(monday());
    assert_eq!(check(&units, row()), Err("`roads` ended 2026-11-30T02:00:00Z".to_owned()));
    assert!(check(&units, until("2026-12-30T00:00:00Z")).is_err());
    assert_eq!(check(&units, until("2026-11-30T02:00:00Z")), Ok(1), "what was over by then is no matter");
    units.get_mut("roads").unwrap().valid_to = Some(at("2026-11-30T02:00:01Z"));
    assert_eq!(check(&units, row()), Ok(1), "it is told when it ends");
}
