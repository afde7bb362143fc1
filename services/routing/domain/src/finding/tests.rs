use super::*;
use crate::{
    RuleAction, RuleTarget, UnitKind,
    duty::{Leave, Shift},
};
use gongdan_region::{RegionCode, Regions};
use jiff::{SignedDuration, civil::Time};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn day(n: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * n)
}

fn unit(id: &str, parent: &str, until: Option<i64>) -> Unit {
    Unit {
        id: id.into(),
        name: id.into(),
        kind: UnitKind::Unit,
        parent_id: Some(parent.to_owned()).filter(|parent| !parent.is_empty()),
        region: RegionCode::parse("440106").unwrap(),
        valid_from: None,
        valid_to: until.map(day),
    }
}

fn rule(id: &str, target: RuleTarget) -> Rule {
    Rule {
        id: id.into(),
        name: id.into(),
        position: 1,
        when: "true".into(),
        action: RuleAction { target: Some(target), ..RuleAction::default() },
        disabled: false,
    }
}

fn roster(people: &[&str], weekdays: &[u8]) -> Roster {
    let midnight = Time::midnight();
    let shift = Shift {
        name: "早班".into(),
        person_ids: people.iter().map(|person| (*person).to_owned()).collect(),
        weekdays: weekdays.to_vec(),
        dates: Default::default(),
        except: Default::default(),
        first_day: None,
        last_day: None,
        start: midnight,
        end: midnight,
    };
    Roster {
        id: "r".into(),
        name: "r".into(),
        unit_id: "x".into(),
        time_zone: "Asia/Shanghai".into(),
        capacity: 0,
        capacities: Default::default(),
        shifts: vec![shift],
    }
}

/// A unit `x` with what names it.
struct Case {
    units: HashMap<String, Unit>,
    planned: HashMap<String, Planned>,
    areas: Vec<Area>,
    planned_areas: HashMap<AreaKey, AreaPlan>,
    rules: Vec<Rule>,
    rosters: Vec<Roster>,
    leaves: Vec<Leave>,
    people: HashMap<String, PersonEntry>,
    handlers: HashMap<String, i64>,
    held: HashMap<String, i64>,
    gone: BTreeMap<(String, String), i64>,
    known: bool,
    responsible: HashMap<String, i64>,
    responsible_gone: BTreeMap<(String, String), i64>,
    failed_plans: Vec<FailedPlan>,
    about: Option<HashSet<String>>,
}

impl Case {
    fn new(units: Vec<Unit>) -> Self {
        let handlers = units.iter().map(|unit| (unit.id.clone(), 1)).collect();
        Self {
            units: units.into_iter().map(|unit| (unit.id.clone(), unit)).collect(),
            planned: HashMap::new(),
            areas: Vec::new(),
            planned_areas: HashMap::new(),
            rules: Vec::new(),
            rosters: Vec::new(),
            leaves: Vec::new(),
            people: HashMap::from([("li".to_owned(), PersonEntry::of(["x"]))]),
            handlers,
            held: HashMap::new(),
            gone: BTreeMap::new(),
            known: true,
            responsible: HashMap::new(),
            responsible_gone: BTreeMap::new(),
            failed_plans: Vec::new(),
            about: None,
        }
    }

    fn told(&self) -> Vec<(FindingKind, String)> {
        self.findings().into_iter().map(|finding| (finding.kind, finding.what)).collect()
    }

    fn findings(&self) -> Vec<Finding> {
        let duty = DutyBook::new(self.rosters.clone(), self.leaves.clone(), Vec::new());
        let inspected = Inspected {
            now: NOW,
            units: &self.units,
            planned: &self.planned,
            areas: &self.areas,
            planned_areas: &self.planned_areas,
            rules: &self.rules,
            rosters: &self.rosters,
            duty: &duty,
            people: &self.people,
            handlers: &self.handlers,
            tickets_known: self.known,
            held_by_unit: &self.held,
            held_by_gone: &self.gone,
            responsible_in_unit: &self.responsible,
            responsible_and_gone: &self.responsible_gone,
            failed_plans: &self.failed_plans,
            about: self.about.as_ref(),
        };
        inspected.findings()
    }

    fn kinds(&self) -> Vec<FindingKind> {
        self.told().into_iter().map(|(kind, _)| kind).collect()
    }
}

#[test]
fn a_unit_that_ends_is_told_with_everything_that_still_names_it() {
    let mut case = Case::new(vec![unit("x", "", Some(3)), unit("a", "x", None), unit("b", "x", Some(3))]);
    assert_eq!(case.kinds(), [FindingKind::UnitEndsAboveOthers]);
    case.held.insert("x".into(), 12);
    let range = Regions::national().range(RegionCode::parse("440106").unwrap());
    case.areas = vec![Area { id: 1, range, item: String::new(), unit_id: "x".into() }];
    case.rules = vec![rule("noise", RuleTarget::Unit { unit_id: "x".into() })];
    case.rosters = vec![roster(&["li"], &[1, 2, 3, 4, 5, 6, 7])];
    let what: Vec<_> = case.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        what,
        [
            "unit `x` ends 1970-01-04T00:00:00Z and holds 12 tickets",
            "unit `x` ends 1970-01-04T00:00:00Z and answers for 1 area",
            "unit `x` ends 1970-01-04T00:00:00Z and is named by 1 rule: `noise`",
            "unit `x` ends 1970-01-04T00:00:00Z and has 1 roster: `r`",
            "unit `x` ends 1970-01-04T00:00:00Z and 1 unit goes on below it: `a`",
        ]
    );
}

#[test]
fn an_end_that_is_planned_counts_and_one_that_is_put_off_does_not() {
    let mut case = Case::new(vec![unit("x", "", None), unit("y", "", Some(3))]);
    case.held = HashMap::from([("x".into(), 1), ("y".into(), 1)]);
    case.planned.insert("x".into(), Planned::from([(day(2), unit("x", "", Some(1)))]));
    case.planned.insert("y".into(), Planned::from([(day(3), unit("y", "", None))]));
    // It cannot have ended before it was to be told.
    assert_eq!(
        case.told(),
        [(FindingKind::UnitEndsWithTickets, "unit `x` ends 1970-01-03T00:00:00Z and holds 1 ticket".into())]
    );
}

#[test]
fn units_below_one_that_ends_count_only_while_they_are_below_it() {
    let mut case = Case::new(vec![unit("x", "", Some(3)), unit("a", "x", None), unit("y", "", None)]);
    case.planned.insert("a".into(), Planned::from([(day(2), unit("a", "y", None))]));
    assert_eq!(case.kinds(), []);
    case.planned.insert("a".into(), Planned::from([(day(4), unit("a", "y", None))]));
    assert_eq!(case.kinds(), [FindingKind::UnitEndsAboveOthers]);
}

#[test]
fn a_unit_without_people_is_told_when_it_has_anything_to_do() {
    let mut case = Case::new(vec![unit("x", "", None)]);
    case.handlers.clear();
    assert_eq!(case.kinds(), []);
    case.held.insert("x".into(), 2);
    assert_eq!(
        case.told(),
        [(
            FindingKind::UnitWithoutPeople,
            "unit `x` holds 2 tickets and has nobody active who handles tickets".into()
        )]
    );
}

#[test]
fn a_roster_by_which_nobody_is_on_duty_is_told() {
    let every = [1, 2, 3, 4, 5, 6, 7];
    let mut case = Case::new(vec![unit("x", "", None)]);
    case.rosters = vec![roster(&["li"], &every)];
    assert_eq!(case.kinds(), []);
    let leave = |until: i64| Leave {
        id: Uuid::nil(),
        person_id: "li".into(),
        from: day(-1),
        until: day(until),
        stand_in_id: None,
        reason: String::new(),
    };
    case.leaves = vec![leave(6)];
    assert_eq!(case.kinds(), [], "back on the sixth day");
    case.leaves = vec![leave(8)];
    assert_eq!(case.kinds(), [FindingKind::NobodyOnDuty]);
    // A stand-in is somebody.
    case.leaves = vec![Leave { stand_in_id: Some("wang".into()), ..leave(8) }];
    case.people.insert("wang".into(), PersonEntry::of(["x"]));
    assert_eq!(case.kinds(), []);
    // Nothing but shifts that are over.
    case.leaves.clear();
    case.rosters[0].shifts[0].last_day = Some(jiff::civil::date(1969, 12, 1));
    assert_eq!(case.kinds(), [FindingKind::NobodyOnDuty]);
}

#[test]
fn people_who_are_gone_are_told_where_they_are_named_and_with_what_they_hold() {
    let mut case = Case::new(vec![unit("x", "", None)]);
    case.people.insert("li".into(), PersonEntry { active: false, ..PersonEntry::of(["x"]) });
    case.people.insert("wang".into(), PersonEntry::of(["x"]));
    case.rosters = vec![roster(&["li", "wang"], &[1, 2, 3, 4, 5, 6, 7])];
    case.rules = vec![rule("to-li", RuleTarget::Person { person_id: "li".into(), unit_id: None })];
    case.gone.insert(("li".into(), "x".into()), 3);
    assert_eq!(
        case.kinds(),
        [
            FindingKind::PersonGoneWithTickets,
            FindingKind::PersonGoneInRules,
            FindingKind::PersonGoneInRosters
        ]
    );
    case.people.insert("li".into(), PersonEntry::of(["elsewhere"]));
    assert_eq!(case.kinds()[1..], [FindingKind::PersonGoneInRosters]);
}

#[test]
fn many_names_are_counted() {
    assert_eq!(names(["a", "b", "a"]), "`a`, `b`");
    assert_eq!(names(["a", "b", "c", "d", "e", "f", "g"]), "`a`, `b`, `c`, `d`, `e` and 2 more");
}

#[test]
fn a_rule_that_names_somebody_gone_is_told_with_its_unit() {
    let mut case = Case::new(vec![unit("x", "", None)]);
    let person = |unit_id: Option<&str>| RuleTarget::Person {
        person_id: "zhao".into(),
        unit_id: unit_id.map(ToOwned::to_owned),
    };
    case.people.insert("zhao".into(), PersonEntry { active: false, ..PersonEntry::of(["y"]) });
    case.rules = vec![rule("a", person(Some("x"))), rule("b", person(None))];
    let told: Vec<_> = case.findings().into_iter().map(|told| (told.kind, told.unit_id)).collect();
    let gone = FindingKind::PersonGoneInRules;
    assert_eq!(told, [(gone, "x".to_owned()), (gone, "y".to_owned())]);
}

#[test]
fn what_is_not_known_yet_is_not_said_to_be_nothing() {
    let mut case = Case::new(vec![unit("x", "", Some(3))]);
    assert_eq!(case.kinds(), []);
    case.known = false;
    assert_eq!(case.kinds(), [FindingKind::TicketsNotYetKnown]);
}

#[test]
fn who_is_gone_with_tickets_gives_them_away_by_a_command_that_there_is() {
    let mut case = Case::new(vec![unit("x", "", None)]);
    case.gone.insert(("li".into(), "x".into()), 3);
    let [told] = case.findings().try_into().unwrap();
    assert_eq!(told.advice, "give them to others: `gongdan route reassign li --of-unit x`");
}

#[test]
fn who_answers_for_what_is_told_when_the_unit_ends_or_they_are_gone() {
    let mut case = Case::new(vec![unit("x", "", Some(3)), unit("y", "", None)]);
    case.responsible = HashMap::from([("x".into(), 8_000), ("y".into(), 1)]);
    case.responsible_gone.insert(("an".into(), "y".into()), 1);
    assert_eq!(
        case.told(),
        [
            (
                FindingKind::UnitEndsWithResponsibilities,
                "unit `x` ends 1970-01-04T00:00:00Z and its people answer for 8000 customers and assets"
                    .into()
            ),
            (
                FindingKind::PersonGoneInResponsibilities,
                "`an` is not active, or not of unit `y` any more, and answers for 1 customer or asset there"
                    .into()
            ),
        ]
    );
}

#[test]
fn of_some_units_only_these_are_told_with_who_is_below_them() {
    let mut case = Case::new(vec![
        unit("x", "", Some(3)),
        unit("a", "x", None),
        unit("y", "", Some(3)),
        unit("b", "y", None),
    ]);
    case.about = Some(HashSet::from(["x".to_owned()]));
    let told: Vec<_> = case.findings().into_iter().map(|told| (told.unit_id, told.below)).collect();
    assert_eq!(told, [("x".to_owned(), vec!["a".to_owned()])]);
}

#[test]
fn areas_that_go_to_another_unit_before_theirs_ends_are_in_order() {
    let mut case = Case::new(vec![unit("x", "", Some(3)), unit("y", "", None)]);
    let range = Regions::national().range(RegionCode::parse("440106").unwrap());
    let area = Area { id: 1, range, item: String::new(), unit_id: "x".into() };
    let key = area.key();
    case.areas = vec![area];
    assert_eq!(case.kinds(), [FindingKind::UnitEndsWithAreas]);
    case.planned_areas.insert(key.clone(), AreaPlan::from([(day(3), Some("y".into()))]));
    assert_eq!(case.kinds(), []);
    case.planned_areas.insert(key.clone(), AreaPlan::from([(day(2), None)]));
    assert_eq!(case.kinds(), []);
    case.planned_areas.insert(key.clone(), AreaPlan::from([(day(4), Some("y".into()))]));
    assert_eq!(case.kinds(), [FindingKind::UnitEndsWithAreas], "a day too late");
    case.planned_areas.insert(key, AreaPlan::from([(day(1), Some("y".into())), (day(9), Some("x".into()))]));
    assert_eq!(case.kinds(), [FindingKind::UnitEndsWithAreas], "back to one that has ended");
}

#[test]
fn a_plan_of_a_person_that_failed_is_told_with_why_and_what_to_do() {
    let mut case = Case::new(vec![unit("x", "", None)]);
    case.failed_plans = vec![FailedPlan {
        person_id: "li".into(),
        unit_id: "x".into(),
        at: NOW,
        why: "no role `king`".into(),
    }];
    let found = case.findings();
    assert_eq!((found.len(), found[0].kind, found[0].since), (1, FindingKind::PersonPlanFailed, Some(NOW)));
    assert_eq!(found[0].what, "`li` was to change 1970-01-01T00:00:00Z, and stays as before: no role `king`");
}
