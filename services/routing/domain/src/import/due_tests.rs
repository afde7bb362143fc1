//! Plans of staff whose time has come. Source: R1.

use super::*;
use jiff::SignedDuration;

fn day(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * n)
}

fn person(id: &str, unit: &str, subject: &str) -> Principal {
    Principal {
        id: id.into(),
        issuer: "i".into(),
        subject: subject.into(),
        name: id.into(),
        kind: PrincipalKind::Person,
        roles: vec!["handler".into()],
        unit_ids: vec![unit.into()],
        regions: Vec::new(),
        rights: Vec::new(),
        email: None,
        skills: Vec::new(),
        tier: 1,
        active: true,
        language: "zh-CN".into(),
        customer_id: None,
    }
}

/// `li`, `wang` and `zhao` of unit a, each with a token of their name.
fn standing() -> Standing {
    let principals = ["li", "wang", "zhao"].map(|id| (id.to_owned(), person(id, "a", id)));
    let units = ["a", "b"].map(str::to_owned).into();
    Standing { principals: principals.into(), units, ..Standing::default() }
}

fn begun(due: &Due) -> Vec<(&str, &str)> {
    due.begun.iter().map(|(_, _, to)| (to.id.as_str(), to.unit_ids[0].as_str())).collect()
}

fn failed(due: &Due) -> Vec<(&str, &str)> {
    due.failed.iter().map(|(_, id, why)| (id.as_str(), why.as_str())).collect()
}

#[test]
fn several_changes_of_one_person_come_in_their_order_each_with_what_was_before() {
    let plans = vec![(day(2), person("li", "a", "li.2")), (day(1), person("li", "b", "li"))];
    let due = Due::of(plans, standing());
    let before: Vec<_> =
        due.begun.iter().map(|(_, before, _)| before.as_ref().unwrap().unit_ids[0].as_str()).collect();
    assert_eq!((begun(&due), before), (vec![("li", "b"), ("li", "a")], vec!["a", "b"]));
    let new = Due::of(vec![(day(1), person("sun", "b", "sun"))], standing());
    assert_eq!((begun(&new), &new.begun[0].1), (vec![("sun", "b")], &None));
}

#[test]
fn what_does_not_hold_any_more_fails_alone_and_says_why() {
    let king = Principal { roles: vec!["king".into()], ..person("wang", "b", "wang") };
    let due = Due::of(
        vec![
            (day(1), person("li", "gone", "li")),
            (day(1), king),
            (day(1), person("zhao", "b", "zhao")),
            (day(2), person("li", "b", "li")),
        ],
        standing(),
    );
    assert_eq!(failed(&due), [("li", "no unit `gone`"), ("wang", "no role `king`")]);
    assert_eq!(begun(&due), [("zhao", "b"), ("li", "b")]);
}

#[test]
fn people_exchange_tokens_at_one_instant_and_nobody_takes_one_that_is_kept() {
    let swap = vec![(day(1), person("li", "b", "wang")), (day(1), person("wang", "b", "li"))];
    let due = Due::of(swap.clone(), standing());
    assert_eq!((begun(&due).len(), failed(&due)), (2, vec![]));
    // `wang` keeps the token whose plan fails, so `li` cannot have it.
    let mut stale = swap;
    stale[1].1.unit_ids = vec!["gone".into()];
    let due = Due::of(stale, standing());
    assert_eq!(failed(&due), [("wang", "no unit `gone`"), ("li", "`wang` has its issuer and subject")]);
    // Who changes and keeps theirs is not the one who is refused.
    let due =
        Due::of(vec![(day(1), person("li", "b", "wang")), (day(1), person("wang", "b", "wang"))], standing());
    assert_eq!(
        (failed(&due), begun(&due)),
        (vec![("li", "`wang` has its issuer and subject")], vec![("wang", "b")])
    );
    // Of two who are to have the same the first has it.
    let due = Due::of(vec![(day(1), person("li", "b", "x")), (day(1), person("wang", "b", "x"))], standing());
    assert_eq!(failed(&due), [("wang", "`li` has its issuer and subject")]);
    // Later it is free.
    let in_turn = vec![(day(1), person("wang", "b", "w")), (day(2), person("li", "b", "wang"))];
    assert_eq!(begun(&Due::of(in_turn, standing())).len(), 2);
}

#[test]
fn a_token_that_is_given_up_by_a_plan_still_to_be_looked_at_is_free() {
    let giving_up = Standing { giving_up: ["wang".to_owned()].into(), ..standing() };
    let due = Due::of(vec![(day(1), person("li", "b", "wang"))], giving_up);
    assert_eq!((begun(&due), failed(&due)), (vec![("li", "b")], vec![]));
}

#[test]
fn a_new_name_stands_where_the_old_one_stood_and_another_unit_does_not() {
    let li = person("li", "a", "li");
    assert!(li.stands_as(&Principal { name: "李维".into(), email: Some("li@x.cn".into()), ..li.clone() }));
    assert!(
        !li.stands_as(&person("li", "b", "li")) && !li.stands_as(&Principal { active: false, ..li.clone() })
    );
}
