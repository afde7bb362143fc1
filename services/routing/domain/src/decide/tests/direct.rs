//! R5, R8: who answers for it, the nearest desk, the first receiver.

use super::*;
use crate::{
    explanation::{DeskTrial, DirectOutcome},
    responsible::{Attendance, ChargeKind},
    strategy::Strategy,
};

fn answers(kind: ChargeKind, person: &str, unit: &str, attendance: Attendance) -> Answerable {
    Answerable {
        kind,
        item: String::new(),
        person_id: person.into(),
        unit_id: unit.into(),
        everywhere: true,
        attendance,
        cleared: false,
    }
}

fn with(directory: &Directory, ticket: TicketFacts, history: History) -> Decided {
    let question = Question { ticket, refusals: Refusals::default(), history };
    decide_staffed(directory, &[question], at(), &mut Staff::idle(u32::MAX)).remove(0).unwrap()
}

fn known(answerable: Vec<Answerable>) -> History {
    History { answerable, ..History::default() }
}

fn direct(decided: &Decided) -> Vec<DirectOutcome> {
    decided.explanation.direct.iter().map(|trial| trial.outcome).collect()
}

fn person_of(decided: &Decided) -> (&str, &str) {
    (unit_of(decided), decided.target.person_id().unwrap_or_default())
}

#[test]
fn a_rule_comes_before_the_responsible_person_and_an_area_after() {
    let lamp = || known(vec![answers(ChargeKind::Asset, "li.wei", "roads", Attendance::There)]);
    let areas = vec![area(1, "440106", "", "env")];
    let ruled = directory(vec![rule(1, "ticket.channel == 'phone'", to("city-env"))], areas.clone());
    assert_eq!(unit_of(&with(&ruled, noise(), lamp())), "city-env");
    let free = directory(vec![rule(1, "ticket.channel == 'fax'", to("city-env"))], areas);
    let decided = with(&free, noise(), lamp());
    assert_eq!(person_of(&decided), ("roads", "li.wei"));
    assert_eq!(decided.summary, "responsible for the asset → li.wei of roads");
    assert!(decided.explanation.areas.is_empty() && decided.explanation.desks.is_empty());
    assert_eq!((decided.rule_revision, decided.area_id), (None, None));
    assert_eq!(unit_of(&with(&free, noise(), History::default())), "env");
}

#[test]
fn how_the_responsible_person_can_be_reached_decides_who_gets_it() {
    let away = |stand_in: Option<&str>| Attendance::Away { stand_in_id: stand_in.map(Into::into) };
    let directory = directory(vec![], vec![]);
    for (attendance, outcome, expected) in [
        (Attendance::There, DirectOutcome::Chosen, ("roads", "li.wei")),
        (away(Some("wang.fang")), DirectOutcome::StandIn, ("roads", "wang.fang")),
        (away(None), DirectOutcome::UnitOnLeave, ("roads", "")),
        (Attendance::OffDuty, DirectOutcome::UnitOffDuty, ("roads", "")),
        (Attendance::NoHandler, DirectOutcome::UnitNoHandler, ("roads", "")),
        (Attendance::Inactive, DirectOutcome::Inactive, ("county-desk", "")),
        (Attendance::LeftUnit, DirectOutcome::LeftUnit, ("county-desk", "")),
    ] {
        let one = answers(ChargeKind::Customer, "li.wei", "roads", attendance);
        let decided = with(&directory, noise(), known(vec![one]));
        assert_eq!(direct(&decided), [outcome]);
        assert_eq!(person_of(&decided), expected, "{outcome:?}: {}", decided.summary);
        let stand_in = decided.explanation.direct[0].stand_in.as_deref();
        assert_eq!(stand_in, (outcome == DirectOutcome::StandIn).then_some("wang.fang"));
    }
}

#[test]
fn who_cannot_take_it_is_passed_over_for_the_next_who_answers_for_it() {
    let there = |kind, person: &str, unit: &str| answers(kind, person, unit, Attendance::There);
    let all = vec![
        there(ChargeKind::Asset, "a", "closed-bureau"),
        there(ChargeKind::Asset, "b", "env"),
        there(ChargeKind::Customer, "c", "crew"),
        answers(ChargeKind::Customer, "d", "roads", Attendance::Away { stand_in_id: Some("e".into()) }),
        there(ChargeKind::Customer, "f", "city-env"),
        there(ChargeKind::Customer, "g", "roads"),
    ];
    let mut ticket = noise();
    ticket.returned_by = vec!["env".into()];
    let history = History { returned_by: vec!["c".into(), "e".into()], ..known(all) };
    let decided = with(&directory(vec![], vec![area(1, "440106", "", "roads")]), ticket, history);
    assert_eq!(person_of(&decided), ("city-env", "f"));
    assert_eq!(
        direct(&decided),
        [
            DirectOutcome::UnitGone,
            DirectOutcome::ReturnedIt,
            DirectOutcome::ReturnedIt,
            DirectOutcome::ReturnedIt,
            DirectOutcome::Chosen,
            DirectOutcome::Behind,
        ]
    );
}

#[test]
fn who_does_not_answer_everywhere_gets_what_lies_within_the_region_of_the_unit() {
    let within = |unit: &str| Answerable {
        everywhere: false,
        ..answers(ChargeKind::Customer, "li.wei", unit, Attendance::There)
    };
    let directory = directory(vec![], vec![area(1, "4401", "", "city-env")]);
    for (unit, region, outcome, expected) in [
        ("roads", "440106", DirectOutcome::Chosen, "roads"),
        ("roads", "440106001", DirectOutcome::Chosen, "roads"),
        ("roads", "440104", DirectOutcome::OutOfRegion, "city-env"),
        ("roads", "4401", DirectOutcome::OutOfRegion, "city-env"),
        ("city-desk", "440104", DirectOutcome::Chosen, "city-desk"),
    ] {
        let ticket = TicketFacts { region: code(region), ..noise() };
        let decided = with(&directory, ticket, known(vec![within(unit)]));
        assert_eq!((direct(&decided)[0], unit_of(&decided)), (outcome, expected), "{unit} {region}");
    }
    let everywhere = answers(ChargeKind::Customer, "li.wei", "roads", Attendance::There);
    let elsewhere = TicketFacts { region: code("440104"), ..noise() };
    assert_eq!(unit_of(&with(&directory, elsewhere, known(vec![everywhere]))), "roads");
}

#[test]
fn what_was_escalated_goes_back_to_the_unit_it_was_escalated_from_by_a_rule_for_its_tier_only() {
    let there = |person: &str, unit: &str| answers(ChargeKind::Asset, person, unit, Attendance::There);
    let from = |units: &[&str], answerable: &[Answerable]| History {
        escalated_from: units.iter().map(|unit| (*unit).to_owned()).collect(),
        ..known(answerable.to_vec())
    };
    let lamp = [there("li.wei", "roads")];
    let free = directory(vec![], vec![area(1, "440106", "", "env"), area(2, "4401", "", "city-env")]);
    let first = with(&free, noise(), from(&["roads"], &lamp));
    assert_eq!((direct(&first), unit_of(&first)), (vec![DirectOutcome::EscalatedFrom], "env"));
    let second = with(&free, noise(), from(&["roads", "env"], &lamp));
    assert_eq!((second.explanation.areas[0].1, unit_of(&second)), (Outcome::EscalatedFrom, "city-env"));
    let third = with(&free, noise(), from(&["roads", "env", "city-env"], &lamp));
    assert_eq!(unit_of(&third), "county-desk");
    let fourth = with(&free, noise(), from(&["roads", "env", "city-env", "county-desk"], &lamp));
    let desk = DeskTrial("county-desk".into(), Outcome::EscalatedFrom);
    assert_eq!((&fourth.explanation.desks[0], unit_of(&fourth)), (&desk, "city-desk"));
    let last = with(&free, noise(), from(&["roads", "env", "city-env", "county-desk", "city-desk"], &lamp));
    let reason = "manual pool: it was escalated, and no other unit is named for it that has not returned it";
    assert_eq!(last.summary, reason);
    let ruled = directory(vec![rule(1, "ticket.tier == 2", to("roads"))], vec![]);
    let ticket = TicketFacts { tier: 2, ..noise() };
    assert_eq!(unit_of(&with(&ruled, ticket, from(&["roads"], &lamp))), "roads");
}

#[test]
fn a_rule_that_does_not_ask_for_the_tier_is_passed_over_by_what_was_escalated_from_its_unit() {
    let staff = StrategyTarget {
        unit_id: "roads".into(),
        strategy: Strategy::LeastLoaded,
        skills: Vec::new(),
        capacity: 0,
        otherwise: Otherwise::Pool,
        claim_limit: 0,
    };
    let pool = RuleTarget::Pool { unit_id: Some("roads".into()), reason: String::new(), claim_limit: 0 };
    let person = RuleTarget::Person { person_id: "li.wei".into(), unit_id: None };
    let targets = [
        RuleTarget::Unit { unit_id: "roads".into() },
        RuleTarget::Desk { desk_id: Some("roads".into()) },
        RuleTarget::Strategy(staff),
        RuleTarget::FirstReceiver,
        person,
        pool,
    ];
    let climbed = |units: &[&str]| History {
        escalated_from: units.iter().map(|unit| (*unit).to_owned()).collect(),
        first_receiver: Some("roads".into()),
        ..History::default()
    };
    let ticket = || TicketFacts { tier: 2, ..noise() };
    for target in targets {
        let ordinary = rule(1, "ticket.channel == 'phone'", Some(target.clone()));
        let ordinary = directory(vec![ordinary, rule(2, "true", to("city-env"))], vec![]);
        assert_eq!(with(&ordinary, ticket(), climbed(&[])).rule_revision, Some(1), "{target:?}");
        let passed = with(&ordinary, ticket(), climbed(&["roads"]));
        assert_eq!(outcomes(&passed), [Outcome::EscalatedFrom, Outcome::Chosen], "{target:?}");
        let detail = &passed.explanation.rules[0].2;
        assert!(matches!(detail, Some(Detail::Text(unit)) if unit.ends_with("roads")), "{detail:?}");
        let tiered = directory(vec![rule(1, "ticket.tier >= 2", Some(target.clone()))], vec![]);
        assert_eq!(with(&tiered, ticket(), climbed(&["roads"])).rule_revision, Some(1), "{target:?}");
    }
    // The nearest desk is then the next wider one.
    let desk = rule(1, "true", Some(RuleTarget::Desk { desk_id: None }));
    let desk = directory(vec![desk], vec![]);
    assert_eq!(unit_of(&with(&desk, ticket(), climbed(&["county-desk"]))), "city-desk");
}

#[test]
fn what_was_escalated_does_not_go_below_the_unit_it_was_escalated_from() {
    let mut units = units();
    for (unit, parent) in [("crew", "roads"), ("roads", "city-env")] {
        units.get_mut(unit).unwrap().parent_id = Some(parent.into());
    }
    let areas = AreaIndex::new(vec![area(1, "440106", "", "roads"), area(2, "4401", "", "city-env")]);
    let rules = vec![rule(1, "true", to("crew"))];
    let directory = Directory::new(units, HashMap::new(), areas, rules);
    let from = |unit: &str| History { escalated_from: vec![unit.to_owned()], ..History::default() };
    let decided = with(&directory, noise(), from("roads"));
    assert_eq!((outcomes(&decided), unit_of(&decided)), (vec![Outcome::EscalatedFrom], "city-env"));
    // From a unit below it goes up as ever.
    assert_eq!(unit_of(&with(&directory, noise(), from("crew"))), "roads");
    let lamp = vec![answers(ChargeKind::Asset, "li.wei", "crew", Attendance::There)];
    let decided = with(&directory, noise(), History { answerable: lamp, ..from("city-env") });
    assert_eq!((direct(&decided), unit_of(&decided)), (vec![DirectOutcome::EscalatedFrom], "county-desk"));
    let areas: Vec<_> = decided.explanation.areas.iter().map(|trial| trial.1).collect();
    assert_eq!(areas, [Outcome::EscalatedFrom; 2]);
}

#[test]
fn a_sensitive_ticket_does_not_go_to_who_may_not_see_it() {
    let person = || Some(RuleTarget::Person { person_id: "li.wei".into(), unit_id: None });
    let rules = || vec![rule(1, "true", person()), rule(2, "true", to("env"))];
    let blind = directory(rules(), vec![]);
    assert_eq!(person_of(&decided(&blind, noise())), ("roads", "li.wei"));
    let secret = || TicketFacts { sensitive: true, ..noise() };
    let passed = decided(&blind, secret());
    assert_eq!((outcomes(&passed), unit_of(&passed)), (vec![Outcome::MayNotSeeIt, Outcome::Chosen], "env"));
    assert_eq!(passed.explanation.rules[0].2, Some(Detail::Text("li.wei".into())));
    let cleared = || std::collections::HashSet::from(["li.wei".to_owned()]);
    assert_eq!(person_of(&decided(&blind.with_cleared(cleared()), secret())), ("roads", "li.wei"));
    // So it is where this rule, or one before it, makes it sensitive.
    let mut marks = rule(1, "true", person());
    marks.action.mark_sensitive = true;
    assert_eq!(outcomes(&decided(&directory(vec![marks.clone()], vec![]), noise())), [Outcome::MayNotSeeIt]);
    marks.action.target = None;
    let marked = directory(vec![marks, rule(2, "true", person())], vec![]);
    let nobody = decided(&marked, TicketFacts { region: code("11"), ..noise() });
    assert_eq!(outcomes(&nobody), [Outcome::Marked, Outcome::MayNotSeeIt]);
    let why = "whom rules name may not see sensitive tickets, no area matches, and no desk can take it";
    assert_eq!((&nobody.target, nobody.mark_sensitive), (&manual_pool(why), true));
}

#[test]
fn who_answers_for_a_sensitive_ticket_but_may_not_see_it_leaves_it_to_the_unit() {
    let away = || Attendance::Away { stand_in_id: Some("wang.fang".into()) };
    let secret = || TicketFacts { sensitive: true, ..noise() };
    let directory = directory(vec![], vec![]);
    for (attendance, who) in [(Attendance::There, "li.wei"), (away(), "wang.fang")] {
        let one = answers(ChargeKind::Asset, "li.wei", "roads", attendance);
        let able = Answerable { cleared: true, ..one.clone() };
        assert_eq!(person_of(&with(&directory, secret(), known(vec![able]))), ("roads", who));
        let decided = with(&directory, secret(), known(vec![one.clone()]));
        assert_eq!(
            (direct(&decided), person_of(&decided)),
            (vec![DirectOutcome::UnitMayNotSeeIt], ("roads", ""))
        );
        assert_eq!(
            decided.summary,
            format!("responsible for the asset → roads, {who} may not see sensitive tickets")
        );
        let stand_in = decided.explanation.direct[0].stand_in.as_deref();
        assert_eq!(stand_in, (who != "li.wei").then_some(who));
        assert_eq!(person_of(&with(&directory, noise(), known(vec![one]))), ("roads", who));
    }
}

#[test]
fn without_rule_person_and_area_the_nearest_desk_gets_it_and_then_the_next_wider_one() {
    let directory = directory(vec![], vec![area(1, "440106", "道路", "roads")]);
    let first = decided(&directory, noise());
    assert_eq!((unit_of(&first), first.area_id), ("county-desk", None));
    assert_eq!(first.summary, "second-level desk nearest to the region → county-desk");
    assert_eq!(first.explanation.desks, [DeskTrial("county-desk".into(), Outcome::Chosen)]);
    let mut ticket = noise();
    ticket.returned_by = vec!["county-desk".into()];
    let second = decided(&directory, ticket.clone());
    assert_eq!(unit_of(&second), "city-desk");
    assert_eq!(
        second.explanation.desks,
        [
            DeskTrial("county-desk".into(), Outcome::ReturnedIt),
            DeskTrial("city-desk".into(), Outcome::Chosen)
        ]
    );
    ticket.returned_by.push("city-desk".into());
    assert_eq!(unit_of(&decided(&directory, ticket)), "pool");
}

#[test]
fn marks_of_rules_go_with_whoever_answers_and_with_the_desk() {
    let mut marks = rule(1, "true", None);
    marks.action.set_priority = 1;
    marks.action.assisting_unit_ids = vec!["roads".into(), "env".into()];
    let directory = directory(vec![marks], vec![]);
    let one = answers(ChargeKind::Asset, "li.wei", "roads", Attendance::There);
    let decided = with(&directory, noise(), known(vec![one]));
    assert_eq!((decided.set_priority, decided.assisting_unit_ids.as_slice()), (1, &["env".to_owned()][..]));
    assert_eq!(with(&directory, noise(), History::default()).set_priority, 1);
}

#[test]
fn r8_the_first_receiver_gets_it_back_where_a_rule_says_so() {
    let back = |when: &str| rule(1, when, Some(RuleTarget::FirstReceiver));
    let areas = vec![area(1, "4401", "", "city-env")];
    let directory = directory(vec![back("ticket.return_count >= 1 && ticket.county == '天河区'")], areas);
    let mut ticket = noise();
    ticket.region = code("440106");
    assert_eq!(
        unit_of(&with(&directory, ticket.clone(), History::default())),
        "city-env",
        "not returned yet"
    );
    ticket.return_count = 2;
    ticket.returned_by = vec!["env".into(), "roads".into()];
    let first = |unit: &str| History { first_receiver: Some(unit.into()), ..History::default() };
    let decided = with(&directory, ticket.clone(), first("env"));
    assert_eq!((unit_of(&decided), decided.rule_revision), ("env", Some(1)));
    assert_eq!(decided.summary, "rule `r1` (Rule 1) → env, first receiver, although it returned it");
    let why = Some(Detail::Text("first receiver, although it returned it".into()));
    assert_eq!((decided.explanation.rules[0].1, &decided.explanation.rules[0].2), (Outcome::Chosen, &why));
    // Somewhere else the house did not turn it on.
    let elsewhere = TicketFacts { region: code("440105"), ..ticket.clone() };
    assert_eq!(unit_of(&with(&directory, elsewhere, first("env"))), "city-env");
    // Not when it is gone; and the end of it is arbitration.
    let gone = with(&directory, ticket.clone(), first("closed-bureau"));
    assert_eq!(unit_of(&gone), "city-env");
    let why = Some(Detail::Text("first receiver closed-bureau".into()));
    assert_eq!((gone.explanation.rules[0].1, &gone.explanation.rules[0].2), (Outcome::TargetGone, &why));
    let nobody = with(&directory, ticket.clone(), History::default());
    assert_eq!((unit_of(&nobody), outcomes(&nobody)), ("city-env", vec![Outcome::TargetGone]));
    ticket.arbitration = true;
    assert_eq!(unit_of(&with(&directory, ticket, first("env"))), "pool");
}
