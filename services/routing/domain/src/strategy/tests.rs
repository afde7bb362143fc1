use super::*;
use crate::{
    AreaIndex, PersonOutcome, Unit, UnitKind,
    decide::{Directory, PersonEntry},
    duty::{DEFAULT_ZONE, DutyBook, Leave, Roster, Shift},
};
use gongdan_region::RegionCode;
use jiff::{Timestamp, civil::time};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, prop_assume, proptest};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

fn at() -> Timestamp {
    // A Monday, 10:00 in Shanghai.
    "2026-11-30T02:00:00Z".parse().unwrap()
}

fn skilled(skills: &[&str]) -> PersonEntry {
    PersonEntry { skills: skills.iter().map(|s| (*s).to_owned()).collect(), ..PersonEntry::of(["roads"]) }
}

fn people() -> HashMap<String, PersonEntry> {
    HashMap::from([
        ("an".to_owned(), skilled(&["asphalt", "lights"])),
        ("bo".to_owned(), skilled(&["lights"])),
        ("chen".to_owned(), skilled(&["asphalt"])),
        ("ding".to_owned(), skilled(&["asphalt"])),
        ("gone".to_owned(), PersonEntry { active: false, ..skilled(&["asphalt"]) }),
        ("clerk".to_owned(), PersonEntry { handles: false, ..skilled(&["asphalt"]) }),
        ("stranger".to_owned(), PersonEntry::of(["env"])),
    ])
}

fn unit(id: &str) -> (String, Unit) {
    let region = RegionCode::parse("440106").unwrap();
    let (name, kind) = (id.to_owned(), UnitKind::Unit);
    (
        id.to_owned(),
        Unit { id: id.to_owned(), name, kind, parent_id: None, region, valid_from: None, valid_to: None },
    )
}

/// `an`, `bo` and `chen` have the day, `ding` the night.
fn roster() -> Roster {
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
    Roster {
        id: "main".into(),
        name: "main".into(),
        unit_id: "roads".into(),
        time_zone: DEFAULT_ZONE.into(),
        capacity: 4,
        capacities: BTreeMap::from([("chen".to_owned(), 2)]),
        shifts: vec![
            shift("day", &["an", "bo", "chen", "gone"], time(8, 0, 0, 0), time(20, 0, 0, 0)),
            shift("night", &["ding"], time(20, 0, 0, 0), time(8, 0, 0, 0)),
        ],
    }
}

fn directory(leaves: Vec<Leave>) -> Directory {
    Directory::new(HashMap::from([unit("roads"), unit("env")]), people(), AreaIndex::new(vec![]), vec![])
        .with_duty(DutyBook::new(vec![roster()], leaves, vec![]))
}

fn target(strategy: Strategy, skills: &[&str]) -> StrategyTarget {
    StrategyTarget {
        unit_id: "roads".into(),
        strategy,
        skills: skills.iter().map(|s| (*s).to_owned()).collect(),
        capacity: 0,
        otherwise: Otherwise::Pool,
        claim_limit: 0,
    }
}

fn asked(lot: u64) -> Asked<'static> {
    Asked {
        last_handler: None,
        returned_by: &[],
        put_back_by: &[],
        sensitive: false,
        lot,
        at: at(),
        from: None,
        only: None,
    }
}

fn staff(loads: &[(&str, u32)]) -> Staff {
    let mut staff = Staff::unknown(9);
    let load = |held: u32| Load { held, reserved: 0 };
    staff.learn(
        ["roads".to_owned()],
        loads.iter().map(|(id, held)| ((*id).to_owned(), load(*held))).collect(),
    );
    staff
}

fn outcomes(picked: &Picked) -> BTreeMap<String, PersonOutcome> {
    picked.trial.people().into_iter().map(|trial| (trial.person, trial.outcome)).collect()
}

#[test]
fn everybody_who_cannot_take_it_says_why() {
    let away = Leave {
        id: Uuid::from_u128(1),
        person_id: "bo".into(),
        from: at(),
        until: "2026-12-01T00:00:00Z".parse().unwrap(),
        stand_in_id: None,
        reason: String::new(),
    };
    let directory = directory(vec![away]);
    let returned = ["an".to_owned()];
    let asked = Asked { returned_by: &returned, ..asked(0) };
    let mut full = staff(&[("chen", 2)]);
    let picked = pick(&directory, (1, "r"), &target(Strategy::LeastLoaded, &[]), &asked, &mut full).unwrap();
    assert_eq!(picked.person_id, None);
    let expected = [
        ("an", PersonOutcome::ReturnedIt),
        ("bo", PersonOutcome::OnLeave),
        ("chen", PersonOutcome::Full),
        ("ding", PersonOutcome::OffDuty),
        ("gone", PersonOutcome::Inactive),
    ];
    assert_eq!(outcomes(&picked), expected.map(|(id, outcome)| (id.to_owned(), outcome)).into());
    assert_eq!(picked.trial.reasons(), "1 full, 1 off duty, 1 on leave, 1 returned it, 1 inactive");
}

#[test]
fn people_have_to_be_known_before_one_is_chosen() {
    let mut unknown = Staff::unknown(9);
    let target = target(Strategy::LeastLoaded, &[]);
    assert_eq!(pick(&directory(vec![]), (1, "r"), &target, &asked(0), &mut unknown), None);
    assert_eq!(unknown.wanted().iter().collect::<Vec<_>>(), ["roads"]);
}

#[test]
fn round_robin_goes_round_and_remembers_whose_turn_it_was() {
    let directory = directory(vec![]);
    let target = target(Strategy::RoundRobin, &[]);
    let mut staff = staff(&[]);
    staff.learn_turns(HashMap::from([("r".to_owned(), "an".to_owned())]));
    let mut next = || pick(&directory, (1, "r"), &target, &asked(3), &mut staff).unwrap().person_id.unwrap();
    let first: Vec<String> = (0..5).map(|_| next()).collect();
    assert_eq!(first, ["bo", "chen", "an", "bo", "chen"]);
    assert_eq!(staff.turned()["r"], (Some("an".to_owned()), "chen".to_owned()));
    // `chen` may have two.
    let after: Vec<_> = (0..6)
        .map(|_| pick(&directory, (1, "r"), &target, &asked(3), &mut staff).unwrap().person_id)
        .collect();
    let names: Vec<&str> = after.iter().flatten().map(String::as_str).collect();
    assert_eq!(names, ["an", "bo", "an", "bo", "an"], "then everybody is full");
    assert_eq!(after[5], None);
}

#[test]
fn the_least_loaded_is_who_has_the_smallest_part_of_the_capacity() {
    let directory = directory(vec![]);
    let mut staff = staff(&[("an", 3), ("bo", 2), ("chen", 1)]);
    let mut next = |target: &StrategyTarget| {
        pick(&directory, (1, "r"), target, &asked(1), &mut staff).unwrap().person_id.unwrap()
    };
    // 3 of 4, 2 of 4, 1 of 2: equals are drawn by lot.
    let two = [next(&target(Strategy::LeastLoaded, &[])), next(&target(Strategy::LeastLoaded, &[]))];
    assert_eq!(BTreeSet::from(two), BTreeSet::from(["bo".to_owned(), "chen".to_owned()]));
    assert_eq!(next(&target(Strategy::LeastLoaded, &["asphalt"])), "an", "`chen` is full");
}

#[test]
fn people_may_have_as_much_as_the_roster_that_names_them_says() {
    let first = Roster { capacities: BTreeMap::new(), ..roster() };
    let [day, night] = <[Shift; 2]>::try_from(first.shifts.clone()).unwrap();
    let night = Shift { start: time(8, 0, 0, 0), end: time(20, 0, 0, 0), ..night };
    let unsaid = Shift { person_ids: vec!["chen".into()], ..day.clone() };
    let day = Shift { person_ids: vec!["an".into(), "bo".into()], ..day };
    let of =
        |id: &str, capacity, shift| Roster { id: id.into(), capacity, shifts: vec![shift], ..first.clone() };
    let rosters = vec![of("a", 4, day), of("b", 1, night), of("c", 0, unsaid)];
    let directory = Directory::new(HashMap::from([unit("roads")]), people(), AreaIndex::new(vec![]), vec![])
        .with_duty(DutyBook::new(rosters, vec![], vec![]));
    let mut loads = staff(&[("an", 4), ("bo", 4), ("chen", 8), ("ding", 0)]);
    let target = target(Strategy::LeastLoaded, &[]);
    let mut next = || pick(&directory, (1, "r"), &target, &asked(0), &mut loads).unwrap().person_id;
    // `an` and `bo` may have 4, `ding` one, `chen` the service's 9.
    let mut chosen = [next(), next()];
    chosen.sort();
    assert_eq!(chosen.map(Option::unwrap), ["chen", "ding"]);
    assert_eq!(next(), None);
}

#[test]
fn skills_weigh_more_the_more_of_somebody_is_free() {
    let directory = directory(vec![]);
    let weigh = target(Strategy::SkillWeighted, &["asphalt", "lights"]);
    let first = |loads: &[(&str, u32)], target: &StrategyTarget| {
        pick(&directory, (1, "r"), target, &asked(0), &mut staff(loads)).unwrap().person_id
    };
    assert_eq!(first(&[], &weigh).as_deref(), Some("an"), "3 points");
    assert_eq!(first(&[("an", 2)], &weigh).as_deref(), Some("chen"), "3 × 2/4 against 2 × 2/2");
    assert_eq!(first(&[("an", 3), ("chen", 2)], &weigh).as_deref(), Some("bo"), "3 × 1/4 against 1 × 4/4");
    let both = target(Strategy::LeastLoaded, &["asphalt", "lights"]);
    assert_eq!(first(&[("an", 3)], &both).as_deref(), Some("an"), "only one has both");
    assert_eq!(first(&[], &target(Strategy::SkillWeighted, &["welding"])), None);
}

#[test]
fn the_last_handler_comes_first_if_able() {
    let directory = directory(vec![]);
    let target = target(Strategy::LastHandler, &[]);
    let choose = |last: &str, loads: &[(&str, u32)]| {
        let asked = Asked { last_handler: Some(last), ..asked(0) };
        pick(&directory, (1, "r"), &target, &asked, &mut staff(loads)).unwrap().person_id.unwrap()
    };
    assert_eq!(choose("chen", &[("chen", 1)]), "chen");
    assert_eq!(choose("chen", &[("chen", 2), ("an", 1)]), "bo", "who is full does not get it");
    assert_eq!(choose("ding", &[("an", 1), ("bo", 1)]), "chen", "who is off duty does not get it");
}

proptest! {
    /// Whoever is chosen is on duty, fits and has room; whoever is not says why; nobody able is passed over; and what is
    /// taken is what the guard lets through.
    #[test]
    fn choices_keep_their_promises(
        strategy in prop::sample::select(vec![Strategy::RoundRobin, Strategy::LeastLoaded, Strategy::SkillWeighted, Strategy::LastHandler]),
        skills in prop::sample::subsequence(vec!["asphalt", "lights"], 0..=2),
        loads in prop::collection::vec(0_u32..5, 4),
        capacity in 0_u32..4,
        hour in 0_i64..24,
        lots in prop::collection::vec(any::<u64>(), 1..20),
        last in prop::option::of(prop::sample::select(vec!["an", "ding", "stranger"])),
    ) {
        prop_assume!(strategy != Strategy::SkillWeighted || !skills.is_empty());
        let directory = directory(vec![]);
        let target = StrategyTarget { capacity, ..target(strategy, &skills) };
        let names = ["an", "bo", "chen", "ding"];
        let loads: Vec<(&str, u32)> = names.into_iter().zip(loads).collect();
        let mut staff = staff(&loads);
        let at = at() + jiff::SignedDuration::from_hours(hour);
        let duty = directory.duty().unit("roads", at);
        let limit = |id: &str| if id == "chen" { 2 } else if capacity == 0 { 4 } else { capacity };
        for lot in lots {
            let before = staff.clone();
            let asked = Asked { last_handler: last, lot, at, ..asked(0) };
            let picked = pick(&directory, (1, "r"), &target, &asked, &mut staff).unwrap();
            let able: Vec<&str> = names.into_iter().filter(|id| {
                let has = |skill: &&str| people()[*id].skills.iter().any(|s| s == skill);
                let fits = match strategy {
                    Strategy::SkillWeighted => skills.iter().any(has),
                    _ => skills.iter().all(has),
                };
                fits && before.load(id).total() < limit(id)
                    && matches!(duty.of(id), crate::duty::Standing::OnDuty(_))
            }).collect();
            prop_assert_eq!(picked.able, able.len());
            prop_assert_eq!(picked.person_id.is_some(), !able.is_empty());
            let outcomes = outcomes(&picked);
            prop_assert_eq!(outcomes.len(), 5, "everybody who handles tickets there");
            for (id, outcome) in &outcomes {
                let chosen = picked.person_id.as_deref() == Some(id);
                prop_assert_eq!(*outcome == PersonOutcome::Chosen, chosen);
                prop_assert_eq!(able.contains(&id.as_str()), chosen || *outcome == PersonOutcome::Behind);
            }
            if let Some(person) = &picked.person_id {
                prop_assert_eq!(staff.load(person).total(), before.load(person).total() + 1);
                prop_assert!(staff.load(person).total() <= limit(person));
                prop_assert_eq!(staff.most(person), Some(limit(person)));
            }
        }
    }
}
