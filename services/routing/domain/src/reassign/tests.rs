use super::*;
use crate::{
    AreaIndex, PersonOutcome, RuleTarget, Target,
    decide::{Directory, PersonEntry},
    duty::{DEFAULT_ZONE, DutyBook, Leave, Roster, Shift, Standing},
    strategy::{Load, Otherwise, Staff, Strategy, StrategyTarget},
};
use jiff::{Timestamp, civil::time};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

const PEOPLE: [&str; 5] = ["an", "bo", "chen", "ding", "li"];

fn at() -> Timestamp {
    // A Monday, 10:00 in Shanghai.
    "2026-11-30T02:00:00Z".parse().unwrap()
}

/// All of `roads`, `env` has `eve`; `ding` works at night, and each may have four, `bo` two.
fn directory(inactive: &[&str], away: &[(&str, Option<&str>)]) -> Directory {
    let mut people: HashMap<String, PersonEntry> = PEOPLE
        .into_iter()
        .map(|id| {
            (id.to_owned(), PersonEntry { active: !inactive.contains(&id), ..PersonEntry::of(["roads"]) })
        })
        .collect();
    people.insert("eve".into(), PersonEntry::of(["env"]));
    let shift = |name: &str, people: &[&str], start, end| Shift {
        name: name.into(),
        person_ids: people.iter().map(|id| (*id).to_owned()).collect(),
        weekdays: vec![1, 2, 3, 4, 5, 6, 7],
        dates: BTreeSet::new(),
        except: BTreeSet::new(),
        first_day: None,
        last_day: None,
        start,
        end,
    };
    let roster = Roster {
        id: "main".into(),
        name: "main".into(),
        unit_id: "roads".into(),
        time_zone: DEFAULT_ZONE.into(),
        capacity: 4,
        capacities: BTreeMap::from([("bo".to_owned(), 2)]),
        shifts: vec![
            shift("day", &["an", "bo", "chen", "li"], time(8, 0, 0, 0), time(20, 0, 0, 0)),
            shift("night", &["ding"], time(20, 0, 0, 0), time(8, 0, 0, 0)),
        ],
    };
    let leaves = away.iter().map(|(person, stand_in)| leave(person, *stand_in)).collect();
    Directory::new(HashMap::new(), people, AreaIndex::new(vec![]), vec![]).with_duty(DutyBook::new(
        vec![roster],
        leaves,
        vec![],
    ))
}

fn leave(person: &str, stand_in: Option<&str>) -> Leave {
    Leave {
        id: Uuid::from_u128(1),
        person_id: person.into(),
        from: at(),
        until: "2026-12-05T00:00:00Z".parse().unwrap(),
        stand_in_id: stand_in.map(ToOwned::to_owned),
        reason: String::new(),
    }
}

fn staff(loads: &[(&str, u32)]) -> Staff {
    let mut staff = Staff::unknown(9);
    let load = |held: u32| Load { held, reserved: 0 };
    let loads = loads.iter().map(|(id, held)| ((*id).to_owned(), load(*held))).collect();
    staff.learn(["roads".to_owned(), "env".to_owned()], loads);
    staff
}

fn ticket(lot: u64) -> InHand<'static> {
    InHand { person_id: "li", unit_id: "roads", returned_by: &[], put_back_by: &[], sensitive: false, lot }
}

fn least() -> Course {
    Course::Strategy { strategy: Strategy::LeastLoaded, skills: Vec::new() }
}

fn taker(given: &Given) -> Option<&str> {
    match given {
        Given::To(decided) => decided.target.person_id(),
        Given::Nobody { .. } => None,
    }
}

fn outcomes(trial: &CourseTrial) -> Vec<(String, PersonOutcome)> {
    let people = trial.1.as_ref().unwrap().people();
    let mut named: Vec<_> = people.into_iter().map(|one| (one.person, one.outcome)).collect();
    named.sort();
    named
}

#[test]
fn a_plan_follows_from_the_wish_and_the_leave() {
    let (with, without) = (leave("li", Some("bo")), leave("li", None));
    let stand_in = || Course::StandIn("bo".into());
    let robin = Wish::Strategy { strategy: Strategy::RoundRobin, skills: vec![] };
    for (wish, leave, courses) in [
        (Wish::Anybody, None, vec![least()]),
        (Wish::Anybody, Some(&without), vec![least()]),
        (Wish::Anybody, Some(&with), vec![stand_in(), least()]),
        (Wish::StandIn, Some(&with), vec![stand_in()]),
        (Wish::Person("an".into()), Some(&with), vec![Course::Person("an".into())]),
        (Wish::Unit, Some(&with), vec![Course::Unit]),
        (robin, None, vec![Course::Strategy { strategy: Strategy::RoundRobin, skills: vec![] }]),
    ] {
        assert_eq!(plan(&wish, leave).unwrap(), Plan(courses), "{wish:?}");
    }
    for (leave, rule) in [
        (None, "no leave of the person runs: name one by `leave_id`"),
        (Some(&without), "the leave has no stand-in"),
    ] {
        let violation = plan(&Wish::StandIn, leave).unwrap_err();
        assert_eq!((violation.field.as_str(), violation.rule.as_str()), ("to.stand_in", rule));
    }
    assert_eq!(plan(&Wish::Anybody, Some(&with)).unwrap().person(), Some("bo"));
    assert_eq!(Plan(vec![least()]).person(), None);
}

#[test]
fn a_taker_has_to_be_able_to_take_something() {
    let directory = directory(&["an"], &[("bo", None)]);
    let units = ["roads".to_owned()];
    let clerk = PersonEntry { handles: false, ..PersonEntry::of(["roads"]) };
    for (id, entry, rule) in [
        ("who", None, Some("no person `who`")),
        ("li", directory.person("li"), Some("somebody else than whose tickets they are")),
        ("an", directory.person("an"), Some("`an` is not active")),
        ("eve", directory.person("eve"), Some("`eve` handles no tickets in `roads`")),
        ("clerk", Some(&clerk), Some("`clerk` handles no tickets in `roads`")),
        ("bo", directory.person("bo"), Some("`bo` is on leave until 2026-12-05T00:00:00Z")),
        ("chen", directory.person("chen"), None),
        // Whose shift is over may be named: the preview says that they are off duty.
        ("ding", directory.person("ding"), None),
    ] {
        let found = check_taker("to", (id, entry), "li", &units, directory.duty(), at());
        assert_eq!(found.map(|violation| violation.rule).as_deref(), rule, "{id}");
    }
}

#[test]
fn a_strategy_is_checked() {
    let rules = |strategy, skills: &[&str]| -> Vec<String> {
        let skills: Vec<String> = skills.iter().map(|skill| (*skill).to_owned()).collect();
        check_strategy(strategy, &skills).into_iter().map(|v| format!("{}: {}", v.field, v.rule)).collect()
    };
    assert!(rules(Strategy::RoundRobin, &[]).is_empty());
    assert_eq!(
        rules(Strategy::LastHandler, &[]),
        [
            "to.strategy.strategy: round robin, least loaded or skill weighted: the last handler is who hands over"
        ]
    );
    assert_eq!(rules(Strategy::SkillWeighted, &[]), ["to.strategy.skills: at least one, to weigh people by"]);
    assert_eq!(rules(Strategy::LeastLoaded, &["a", "a"]), ["to.strategy.skills[1]: given twice"]);
    let many: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(rules(Strategy::LeastLoaded, &many), ["to.strategy.skills: at most 10"]);
}

#[test]
fn the_stand_in_comes_first_and_the_rest_goes_to_the_least_loaded() {
    let directory = directory(&[], &[("li", Some("bo"))]);
    let plan = Plan(vec![Course::StandIn("bo".into()), least()]);
    let mut staff = staff(&[("bo", 1), ("an", 3), ("chen", 1), ("li", 4)]);
    let given: Vec<Given> =
        (0..5).map(|lot| give(&directory, &plan, &ticket(lot), at(), &mut staff).unwrap()).collect();
    let takers: Vec<_> = given.iter().map(taker).collect();
    assert_eq!(takers[..3], [Some("bo"), Some("chen"), Some("chen")]);
    assert!(takers[3..].iter().all(|taker| matches!(taker, Some("an" | "chen"))), "{takers:?}");
    let Given::To(first) = &given[0] else { panic!("{given:?}") };
    assert_eq!(first.summary, "`li` hands over → bo of roads, who stands in");
    let Given::To(second) = &given[1] else { panic!("{given:?}") };
    assert_eq!(second.summary, "`li` hands over → chen of roads, least loaded, 1 of 2 who could");
    let kinds: Vec<_> = second.explanation.courses.iter().map(|trial| trial.0).collect();
    assert_eq!(kinds, [CourseKind::StandIn, CourseKind::Strategy]);
    assert_eq!(outcomes(&second.explanation.courses[0]), [("bo".to_owned(), PersonOutcome::Full)]);
    let considered = [
        ("an", PersonOutcome::Behind),
        ("bo", PersonOutcome::Full),
        ("chen", PersonOutcome::Chosen),
        ("ding", PersonOutcome::OffDuty),
        ("li", PersonOutcome::HandsOver),
    ];
    let expected: Vec<_> = considered.into_iter().map(|(id, outcome)| (id.to_owned(), outcome)).collect();
    assert_eq!(outcomes(&second.explanation.courses[1]), expected);
    // What is kept is read again.
    let kept = serde_json::to_string(&second.explanation).unwrap();
    assert_eq!(serde_json::from_str::<crate::Explanation>(&kept).unwrap(), second.explanation);
}

#[test]
fn who_cannot_take_it_says_why_and_it_stays() {
    let directory = directory(&["chen"], &[("an", None)]);
    let returned = ["bo".to_owned()];
    for (course, why) in [
        (Course::Person("ding".into()), "ding: 1 off duty"),
        (Course::Person("chen".into()), "chen: 1 inactive"),
        (Course::Person("eve".into()), "eve: 1 not of the unit"),
        (Course::Person("li".into()), "li: 1 handing over"),
        (Course::StandIn("an".into()), "an: 1 on leave"),
        (least(), "least loaded: 1 off duty, 1 on leave, 1 returned it, 1 inactive, 1 handing over"),
    ] {
        let held = InHand { returned_by: &returned, ..ticket(0) };
        let plan = Plan(vec![course]);
        let given = give(&directory, &plan, &held, at(), &mut staff(&[])).unwrap();
        let Given::Nobody { why: said, .. } = given else { panic!("{given:?}") };
        assert_eq!(said, format!("nobody of `roads` can take it: {why}"));
    }
}

#[test]
fn a_sensitive_one_goes_only_to_who_may_see_it() {
    let held = InHand { sensitive: true, ..ticket(0) };
    let closed = directory(&[], &[]);
    for (plan, why) in [
        (Plan(vec![Course::Person("bo".into())]), "bo: 1 may not see sensitive tickets"),
        (Plan(vec![least()]), "least loaded: 1 handing over, 4 may not see sensitive tickets"),
    ] {
        let given = give(&closed, &plan, &held, at(), &mut staff(&[])).unwrap();
        let Given::Nobody { why: said, .. } = given else { panic!("{given:?}") };
        assert_eq!(said, format!("nobody of `roads` can take it: {why}"));
    }
    // The one who may has more to do than the others.
    let open = directory(&[], &[]).with_cleared(HashSet::from(["chen".to_owned(), "li".to_owned()]));
    let mut staff = staff(&[("chen", 3)]);
    let given = give(&open, &Plan(vec![least()]), &held, at(), &mut staff).unwrap();
    assert_eq!(taker(&given), Some("chen"));
    let given = give(&open, &Plan(vec![least()]), &ticket(0), at(), &mut staff).unwrap();
    assert_ne!(taker(&given), Some("chen"), "the others may have what is not sensitive");
}

#[test]
fn the_smallest_capacity_of_the_units_rules_binds_where_a_roster_says_none_for_the_person() {
    let rule = |unit: &str, capacity| {
        RuleTarget::Strategy(StrategyTarget {
            unit_id: unit.into(),
            strategy: Strategy::LeastLoaded,
            skills: vec![],
            capacity,
            otherwise: Otherwise::Pool,
            claim_limit: 0,
        })
    };
    // A roster gives `bo` two, and the others four.
    let rules = [rule("roads", 3), rule("roads", 0), rule("roads", 1), rule("env", 9)];
    let directory = directory(&[], &[]).with_capacities(rules.iter());
    let mut staff = staff(&[]);
    let takers: BTreeSet<Option<String>> = (0..6)
        .map(|lot| give(&directory, &Plan(vec![least()]), &ticket(lot), at(), &mut staff).unwrap())
        .map(|given| taker(&given).map(ToOwned::to_owned))
        .collect();
    assert!(takers.contains(&None), "{takers:?}");
    let loads: Vec<u32> = ["an", "bo", "chen"].map(|id| staff.load(id).total()).to_vec();
    assert_eq!(loads, [1, 2, 1]);
}

#[test]
fn who_put_it_back_does_not_get_it() {
    let put_back = ["bo".to_owned()];
    let held = InHand { put_back_by: &put_back, ..ticket(0) };
    let plan = Plan(vec![Course::Person("bo".into())]);
    let given = give(&directory(&[], &[]), &plan, &held, at(), &mut staff(&[])).unwrap();
    let Given::Nobody { why, courses } = given else { panic!("{given:?}") };
    assert_eq!(why, "nobody of `roads` can take it: bo: 1 put it back");
    assert_eq!(outcomes(&courses[0]), [("bo".to_owned(), PersonOutcome::PutItBack)]);
}

#[test]
fn it_goes_back_to_the_unit_without_a_person() {
    let given = give(&directory(&[], &[]), &Plan(vec![Course::Unit]), &ticket(0), at(), &mut staff(&[]));
    let Some(Given::To(decided)) = given else { panic!("{given:?}") };
    assert_eq!(decided.target, Target::Dispatch { unit_id: "roads".into(), person_id: None });
    assert_eq!(decided.summary, "`li` hands over → roads, anybody of the unit");
}

#[test]
fn round_robin_goes_around_without_who_hands_over() {
    let plan = Plan(vec![Course::Strategy { strategy: Strategy::RoundRobin, skills: vec![] }]);
    let (directory, mut staff) = (directory(&[], &[]), staff(&[]));
    let takers: Vec<_> = (0..5)
        .map(|lot| give(&directory, &plan, &ticket(lot), at(), &mut staff).unwrap())
        .map(|given| taker(&given).unwrap().to_owned())
        .collect();
    assert_eq!(takers, ["an", "bo", "chen", "an", "bo"]);
    assert_eq!(staff.turned().keys().collect::<Vec<_>>(), ["reassignment/roads"]);
}

#[test]
fn people_whose_loads_are_unknown_are_asked_for() {
    let mut unknown = Staff::unknown(9);
    assert_eq!(give(&directory(&[], &[]), &Plan(vec![least()]), &ticket(0), at(), &mut unknown), None);
    assert!(unknown.wanted().contains("roads"));
}

proptest! {
    #[test]
    fn every_ticket_goes_to_somebody_able_or_has_a_reason(
        loads in prop::collection::vec(0_u32..6, 5),
        inactive in prop::collection::vec(any::<bool>(), 5),
        away in prop::collection::vec(any::<bool>(), 5),
        courses in prop::collection::vec(0_usize..5, 1..3),
        hour in 0_i64..24,
        tickets in 1_u64..30,
    ) {
        let at = at() + jiff::SignedDuration::from_hours(hour);
        let of = |flags: &[bool]| -> Vec<&str> {
            PEOPLE.into_iter().zip(flags).filter(|(_, flag)| **flag).map(|(id, _)| id).collect()
        };
        let inactive = of(&inactive);
        let away: Vec<(&str, Option<&str>)> = of(&away).into_iter().map(|id| (id, Some("bo"))).collect();
        let directory = directory(&inactive, &away);
        let courses = courses.into_iter().map(|n| match n {
            0 => least(),
            1 => Course::Strategy { strategy: Strategy::RoundRobin, skills: vec![] },
            2 => Course::StandIn("bo".into()),
            3 => Course::Person("li".into()),
            _ => Course::Person("an".into()),
        });
        let plan = Plan(courses.collect());
        let before: Vec<(&str, u32)> = PEOPLE.into_iter().zip(loads).collect();
        let mut staff = staff(&before);
        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        let able = |id: &str, has: u32| {
            id != "li"
                && !inactive.contains(&id)
                && matches!(directory.duty().unit("roads", at).of(id), Standing::OnDuty(_))
                && has < if id == "bo" { 2 } else { 4 }
        };
        for lot in 0..tickets {
            let has = |id: &str| before.iter().find(|(of, _)| *of == id).unwrap().1 + taken.get(id).copied().unwrap_or(0);
            match give(&directory, &plan, &ticket(lot), at, &mut staff).unwrap() {
                Given::To(decided) => {
                    prop_assert_eq!(decided.target.unit_id(), Some("roads"));
                    let person = decided.target.person_id().unwrap().to_owned();
                    prop_assert!(able(&person, has(&person)), "{person} cannot take it");
                    *taken.entry(person).or_default() += 1;
                }
                Given::Nobody { why, courses } => {
                    prop_assert_eq!(courses.len(), plan.0.len());
                    for (course, trial) in plan.0.iter().zip(&courses) {
                        let people = trial.1.as_ref().unwrap().people();
                        prop_assert!(!people.is_empty(), "{why}");
                        for person in people {
                            prop_assert!(!able(&person.person, has(&person.person)), "{} could", person.person);
                        }
                        if let Course::Strategy { .. } = course {
                            prop_assert_eq!(trial.1.as_ref().unwrap().people().len(), PEOPLE.len());
                        }
                    }
                }
            }
        }
    }
}
