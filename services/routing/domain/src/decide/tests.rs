use super::*;
use crate::{Area, AreaIndex, Condition, Unit, UnitKind, rule::RuleTarget};
use gongdan_region::{RegionCode, Regions};
use proptest::prelude::*;
use std::collections::HashMap;

fn at() -> Timestamp {
    "2026-11-22T02:00:00Z".parse().unwrap()
}

fn code(text: &str) -> RegionCode {
    RegionCode::parse(text).unwrap()
}

fn unit(id: &str, kind: UnitKind, region: &str) -> (String, Unit) {
    let unit = Unit {
        id: id.into(),
        name: id.into(),
        kind,
        parent_id: None,
        region: code(region),
        valid_from: None,
        valid_to: None,
    };
    (id.to_owned(), unit)
}

fn units() -> HashMap<String, Unit> {
    let mut units = HashMap::from([
        unit("env", UnitKind::Unit, "440106"),
        unit("roads", UnitKind::Unit, "440106"),
        unit("city-env", UnitKind::Unit, "4401"),
        unit("county-desk", UnitKind::Desk, "440106"),
        unit("city-desk", UnitKind::Desk, "4401"),
        unit("crew", UnitKind::Group, "440106"),
        unit("closed-bureau", UnitKind::Unit, "440106"),
    ]);
    units.get_mut("closed-bureau").unwrap().valid_to = Some(at());
    units
}

fn area(id: i64, region: &str, item: &str, unit: &str) -> Area {
    Area { id, range: Regions::national().range(code(region)), item: item.into(), unit_id: unit.into() }
}

fn rule(revision: i64, when: &str, target: Option<RuleTarget>) -> RuleInForce {
    RuleInForce {
        revision,
        id: format!("r{revision}"),
        name: format!("Rule {revision}"),
        condition: Condition::compile(when).unwrap(),
        action: RuleAction { target, ..RuleAction::default() },
    }
}

fn to(unit: &str) -> Option<RuleTarget> {
    Some(RuleTarget::Unit { unit_id: unit.into() })
}

fn directory(rules: Vec<RuleInForce>, areas: Vec<Area>) -> Directory {
    let people = HashMap::from([
        ("li.wei".to_owned(), PersonEntry::of(["roads", "crew"])),
        ("gone".to_owned(), PersonEntry { active: false, ..PersonEntry::of(["roads"]) }),
    ]);
    Directory::new(units(), people, AreaIndex::new(areas), rules)
}

fn noise() -> TicketFacts {
    TicketFacts {
        item: "环境/噪音".into(),
        return_count: 0,
        returned_by: Vec::new(),
        ..crate::condition::sample_ticket()
    }
}

fn decided(directory: &Directory, ticket: TicketFacts) -> Decided {
    decide_all(directory, &[(ticket, Refusals::default())], at()).remove(0)
}

fn outcomes(decided: &Decided) -> Vec<Outcome> {
    decided.explanation.rules.iter().map(|trial| trial.1).collect()
}

fn unit_of(decided: &Decided) -> &str {
    match &decided.target {
        Target::Dispatch { unit_id, .. } => unit_id,
        Target::Pool { .. } => "pool",
    }
}

fn manual_pool(reason: &str) -> Target {
    Target::Pool { unit_id: None, reason: reason.to_owned(), claim_limit: 0 }
}

#[test]
fn the_first_rule_that_holds_decides_and_later_ones_are_not_tried() {
    let directory = directory(
        vec![
            rule(1, "ticket.priority == 1", to("roads")),
            rule(2, "ticket.channel == 'phone'", to("env")),
            rule(3, "true", to("roads")),
        ],
        vec![area(1, "440106", "", "roads")],
    );
    let decided = decided(&directory, noise());
    assert_eq!(unit_of(&decided), "env");
    assert_eq!(decided.rule_revision, Some(2));
    assert_eq!(outcomes(&decided), [Outcome::NotMatched, Outcome::Chosen]);
    assert_eq!(decided.explanation.rules[0].2, Some(Detail::Part(0)));
    assert_eq!(decided.explanation.in_force, 3);
    assert!(decided.explanation.areas.is_empty());
}

#[test]
fn without_a_rule_the_most_specific_area_decides_and_the_others_are_explained() {
    let directory = directory(
        vec![rule(1, "ticket.item_path[5] == 'x'", to("roads"))],
        vec![
            area(1, "4401", "环境", "city-env"),
            area(2, "440106", "环境/噪音", "env"),
            area(3, "440106", "", "closed-bureau"),
            area(4, "440106", "道路", "roads"),
        ],
    );
    let decided = decided(&directory, noise());
    assert_eq!((unit_of(&decided), decided.area_id), ("env", Some(2)));
    assert_eq!(outcomes(&decided), [Outcome::Failed]);
    assert_eq!(
        decided.explanation.areas,
        [
            AreaTrial(2, Outcome::Chosen),
            AreaTrial(3, Outcome::LessSpecific),
            AreaTrial(1, Outcome::LessSpecific)
        ]
    );
    assert_eq!(decided.explanation.other_items, 1);
}

#[test]
fn a_ticket_never_goes_back_to_a_unit_that_returned_it() {
    let directory = directory(
        vec![rule(1, "true", to("env"))],
        vec![area(1, "440106", "环境", "env"), area(2, "4401", "", "city-env")],
    );
    let mut ticket = noise();
    ticket.returned_by = vec!["env".into()];
    let second = decided(&directory, ticket.clone());
    assert_eq!(unit_of(&second), "city-env");
    assert_eq!(outcomes(&second), [Outcome::ReturnedIt]);
    assert_eq!(second.explanation.areas, [AreaTrial(1, Outcome::ReturnedIt), AreaTrial(2, Outcome::Chosen)]);
    ticket.returned_by.push("city-env".into());
    assert_eq!(unit_of(&decided(&directory, ticket.clone())), "county-desk");
    ticket.returned_by.extend(["county-desk".into(), "city-desk".into()]);
    let last = decided(&directory, ticket);
    let reason =
        "every unit that rules, responsibilities and areas name and every desk around it has returned it";
    assert_eq!(last.target, manual_pool(reason));
}

#[test]
fn nothing_that_matches_leaves_it_in_the_manual_pool_with_the_reason() {
    let elsewhere = TicketFacts { region: code("1101"), ..noise() };
    let decided = decided(&directory(vec![rule(1, "ticket.priority == 1", to("env"))], vec![]), elsewhere);
    let reason = "no rule, no responsible person, no area and no desk matches";
    assert_eq!(decided.target, manual_pool(reason));
    assert_eq!((decided.rule_revision, decided.area_id), (None, None));
}

#[test]
fn arbitration_goes_to_the_pool_untried() {
    let mut ticket = noise();
    ticket.arbitration = true;
    ticket.return_count = 3;
    let decided = decided(&directory(vec![rule(1, "true", to("env"))], vec![]), ticket);
    assert!(
        matches!(&decided.target, Target::Pool { unit_id: None, reason, .. } if reason.starts_with("arbitration: returned 3 times"))
    );
    assert!(decided.explanation.arbitration && decided.explanation.rules.is_empty());
}

#[test]
fn after_too_many_refusals_a_person_looks_at_it() {
    let directory = directory(vec![rule(1, "true", to("env"))], vec![]);
    let refusals = Refusals { count: REFUSALS_BEFORE_POOL, last_reason: "no unit `env`".into() };
    let decided = decide_all(&directory, &[(noise(), refusals)], at()).remove(0);
    assert!(decided.summary.ends_with("the last: no unit `env`"), "{}", decided.summary);
    assert_eq!(decided.explanation.refusals, 3);
}

#[test]
fn marks_add_up_and_the_search_goes_on() {
    let mut marks = rule(1, "true", None);
    marks.action = RuleAction {
        mark_sensitive: true,
        set_priority: 2,
        assisting_unit_ids: vec!["env".into(), "roads".into(), "closed-bureau".into()],
        target: None,
    };
    let mut decides = rule(2, "true", to("env"));
    decides.action.set_priority = 1;
    decides.action.assisting_unit_ids = vec!["crew".into(), "roads".into()];
    let decided = decided(&directory(vec![marks, decides], vec![]), noise());
    assert_eq!(outcomes(&decided), [Outcome::Marked, Outcome::Chosen]);
    assert_eq!((decided.mark_sensitive, decided.set_priority), (true, 2));
    assert_eq!(decided.assisting_unit_ids, ["roads", "crew"]);
}

#[test]
fn persons_groups_desks_and_pools_are_targets_too() {
    let person = |id: &str, unit: Option<&str>| {
        Some(RuleTarget::Person { person_id: id.into(), unit_id: unit.map(Into::into) })
    };
    let dispatch = |unit: &str, person: Option<&str>| Target::Dispatch {
        unit_id: unit.into(),
        person_id: person.map(Into::into),
    };
    for (target, expected) in [
        (person("li.wei", None), dispatch("roads", Some("li.wei"))),
        (person("li.wei", Some("crew")), dispatch("crew", Some("li.wei"))),
        (Some(RuleTarget::Group { group_id: "crew".into() }), dispatch("crew", None)),
        (Some(RuleTarget::Desk { desk_id: Some("city-desk".into()) }), dispatch("city-desk", None)),
        (Some(RuleTarget::Desk { desk_id: None }), dispatch("county-desk", None)),
        (
            Some(RuleTarget::Pool { unit_id: Some("crew".into()), reason: String::new(), claim_limit: 3 }),
            Target::Pool { unit_id: Some("crew".into()), reason: "Rule 1".into(), claim_limit: 3 },
        ),
    ] {
        assert_eq!(decided(&directory(vec![rule(1, "true", target)], vec![]), noise()).target, expected);
    }
}

#[test]
fn a_target_that_is_not_there_is_passed_over() {
    let gone = |target| {
        let decided = decided(&directory(vec![rule(1, "true", Some(target))], vec![]), noise());
        assert_eq!(unit_of(&decided), "county-desk", "the search goes on");
        decided.explanation.rules[0].clone()
    };
    let trial = gone(RuleTarget::Unit { unit_id: "closed-bureau".into() });
    assert_eq!((trial.1, trial.2), (Outcome::TargetGone, Some(Detail::Text("closed-bureau".into()))));
    assert_eq!(gone(RuleTarget::Unit { unit_id: "never-was".into() }).1, Outcome::TargetGone);
    assert_eq!(gone(RuleTarget::Person { person_id: "gone".into(), unit_id: None }).1, Outcome::TargetGone);
    assert_eq!(
        gone(RuleTarget::Person { person_id: "li.wei".into(), unit_id: Some("env".into()) }).1,
        Outcome::TargetGone
    );
}

#[test]
fn the_nearest_desk_that_did_not_return_it_gets_it() {
    let directory = directory(vec![rule(1, "true", Some(RuleTarget::Desk { desk_id: None }))], vec![]);
    let mut ticket = noise();
    ticket.returned_by = vec!["county-desk".into()];
    assert_eq!(unit_of(&decided(&directory, ticket.clone())), "city-desk");
    ticket.region = code("1101");
    let decided = decided(&directory, ticket);
    assert_eq!(outcomes(&decided), [Outcome::TargetGone]);
}

mod direct;

proptest! {
    /// Whatever rules and areas say, no unit that returned the ticket gets it, assists it or may claim it, no absent
    /// unit gets it, and every rule up to the one that decided is explained, in order.
    #[test]
    fn decisions_keep_their_promises(
        rules in prop::collection::vec((prop::sample::select(vec!["true", "ticket.priority == 1", "ticket.item_path[9] == ''", "ticket.round == 1 && customer.known"]), 0_usize..9), 0..8),
        areas in prop::collection::vec((prop::sample::select(vec!["44", "4401", "440106", "1101"]), prop::sample::select(vec!["", "环境", "环境/噪音", "道路"]), 0_usize..7), 0..8),
        returned in prop::collection::vec(0_usize..7, 0..4),
    ) {
        let names = ["env", "roads", "city-env", "county-desk", "city-desk", "crew", "closed-bureau"];
        let target = |n: usize| match n {
            7 => Some(RuleTarget::Desk { desk_id: None }),
            8 => None,
            n => to(names[n]),
        };
        let rules: Vec<_> = rules.into_iter().enumerate().map(|(n, (when, to))| {
            let mut rule = rule(i64::try_from(n).unwrap() + 1, when, target(to));
            rule.action.assisting_unit_ids = vec!["env".into(), "roads".into()];
            rule
        }).collect();
        let areas: Vec<_> = areas.into_iter().enumerate().map(|(n, (region, item, unit))| area(i64::try_from(n).unwrap() + 1, region, item, names[unit])).collect();
        let directory = directory(rules.clone(), areas);
        let mut ticket = noise();
        ticket.returned_by = returned.into_iter().map(|n| names[n].to_owned()).collect();
        let decided = decided(&directory, ticket.clone());
        if let Some(unit) = decided.target.unit_id() {
            prop_assert!(!ticket.returned_by.iter().any(|by| by == unit));
            prop_assert!(directory.takes_part(unit, at()));
        }
        for unit in &decided.assisting_unit_ids {
            prop_assert!(!ticket.returned_by.contains(unit) && decided.target.unit_id() != Some(unit.as_str()));
        }
        let tried: Vec<i64> = decided.explanation.rules.iter().map(|trial| trial.0).collect();
        prop_assert_eq!(&tried, &(1..=i64::try_from(tried.len()).unwrap()).collect::<Vec<_>>());
        match decided.rule_revision {
            Some(revision) => prop_assert_eq!(tried.last(), Some(&revision)),
            None => prop_assert_eq!(tried.len(), rules.len()),
        }
        let tried = decided.explanation.rules.iter().map(|t| t.1).chain(decided.explanation.areas.iter().map(|t| t.1)).chain(decided.explanation.desks.iter().map(|t| t.1));
        let chosen = tried.filter(|o| *o == Outcome::Chosen).count();
        prop_assert_eq!(chosen, usize::from(decided.target.unit_id().is_some()));
    }
}

#[test]
fn t37_the_unit_of_a_range_of_grids_gets_what_is_about_one_of_them() {
    let range = gongdan_region::RegionRange { start: 440_106_900_001, end: 440_106_900_020 };
    let grids = Area { id: 2, range, item: String::new(), unit_id: "roads".into() };
    let directory = directory(vec![], vec![area(1, "440106", "", "env"), grids]);
    let unit = |grid: Option<&str>| {
        let ticket = TicketFacts { grid: grid.map(code), region: code("440106"), ..noise() };
        let decided = decided(&directory, ticket);
        decided.target.unit_id().map(ToOwned::to_owned)
    };
    assert_eq!(unit(Some("440106900007")).as_deref(), Some("roads"));
    assert_eq!(unit(Some("440106900021")).as_deref(), Some("env"));
    assert_eq!(unit(None).as_deref(), Some("env"));
}
