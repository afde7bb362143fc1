use super::*;
use crate::{
    AreaIndex, Condition, PersonEntry, RuleAction, RuleInForce, RuleTarget, Unit, UnitKind,
    condition::sample_ticket,
    strategy::{Otherwise, Strategy, StrategyTarget},
};
use gongdan_region::RegionCode;

fn at() -> Timestamp {
    "2026-11-30T02:00:00Z".parse().unwrap()
}

fn unit(id: &str) -> (String, Unit) {
    let unit = Unit {
        id: id.into(),
        name: id.into(),
        kind: UnitKind::Unit,
        parent_id: None,
        region: RegionCode::parse("440106").unwrap(),
        valid_from: None,
        valid_to: None,
    };
    (id.to_owned(), unit)
}

fn directory(rules: &[(i64, &str, &str)]) -> Directory {
    let mut units: HashMap<String, Unit> = ["env", "roads", "city"].map(unit).into();
    let mut later = unit("later").1;
    later.valid_from = Some("2026-12-01T00:00:00Z".parse().unwrap());
    units.insert("later".into(), later);
    let people = HashMap::from([("li".to_owned(), PersonEntry::of(["env"]))]);
    let rules = rules.iter().map(|(revision, when, to)| RuleInForce {
        revision: *revision,
        id: format!("r{revision}"),
        name: format!("R{revision}"),
        condition: Condition::compile(when).unwrap(),
        action: match *to {
            "urgent" => RuleAction { set_priority: 1, ..RuleAction::default() },
            "pool" => target(RuleTarget::Pool { unit_id: None, reason: String::new(), claim_limit: 0 }),
            "env pool" => target(RuleTarget::Pool {
                unit_id: Some("env".into()),
                reason: String::new(),
                claim_limit: 0,
            }),
            "staff of env" => target(RuleTarget::Strategy(StrategyTarget {
                unit_id: "env".into(),
                strategy: Strategy::LeastLoaded,
                skills: Vec::new(),
                capacity: 0,
                otherwise: Otherwise::Pool,
                claim_limit: 0,
            })),
            "li" => target(RuleTarget::Person { person_id: "li".into(), unit_id: None }),
            unit => target(RuleTarget::Unit { unit_id: unit.into() }),
        },
    });
    Directory::new(units, people, AreaIndex::new(Vec::new()), rules.collect())
}

fn target(target: RuleTarget) -> RuleAction {
    RuleAction { target: Some(target), ..RuleAction::default() }
}

/// Tickets of these priorities, submitted at nine, ten… in Shanghai.
fn past(priorities: &[u8]) -> Vec<Past<usize>> {
    let ticket = |(key, priority): (usize, &u8)| Past {
        answerable: Vec::new(),
        key,
        facts: TicketFacts { priority: *priority, returned_by: Vec::new(), ..sample_ticket() },
        submitted_at: format!("2026-11-23T{:02}:00:00+08:00", 9 + key).parse().unwrap(),
    };
    priorities.iter().enumerate().map(ticket).collect()
}

fn simulate(
    before: &[(i64, &str, &str)],
    after: &[(i64, &str, &str)],
    priorities: &[u8],
) -> Difference<usize> {
    let (before, after) = (directory(before), directory(after));
    let mut simulation = Simulation::new(&after, 2);
    for tickets in past(priorities).chunks(2) {
        simulation.try_on(&before, &after, tickets, at());
    }
    simulation.finish(10)
}

fn place(place: &Place) -> String {
    let unit = place.unit_id.as_deref().unwrap_or("manual");
    let person = place.person_id.as_deref().map(|id| format!("/{id}")).unwrap_or_default();
    format!("{unit}{person}{}", if place.pool { " pool" } else { "" })
}

#[test]
fn the_same_rules_make_no_difference() {
    let rules = [(1, "ticket.priority == 1", "env"), (2, "true", "city")];
    let difference = simulate(&rules, &rules, &[1, 2, 3]);
    assert_eq!((difference.tickets, difference.elsewhere, difference.other_marks), (3, 0, 0));
    assert!(difference.pairs.is_empty());
}

#[test]
fn what_goes_elsewhere_is_counted_by_where_from_and_where_to() {
    for (before, after, expected) in [
        ("city", "env", "city → env"),
        ("env", "li", "env → env/li"),
        ("env", "env pool", "env → env pool"),
        ("pool", "env pool", "manual pool → env pool"),
        ("later", "city", "manual pool → city"),
    ] {
        let difference = simulate(&[(1, "true", before)], &[(2, "true", after)], &[1, 2, 3]);
        let pair = &difference.pairs[0];
        assert_eq!(format!("{} → {}", place(&pair.from), place(&pair.to)), expected);
        assert_eq!((difference.elsewhere, pair.tickets, pair.examples.len()), (3, 3, 2), "{expected}");
    }
}

#[test]
fn a_strategy_counts_as_its_unit() {
    let staff = [(2, "true", "staff of env")];
    let difference = simulate(&[(1, "true", "env")], &staff, &[1, 2]);
    assert_eq!(difference.elsewhere, 0, "whom it names is not known");
    let difference = simulate(&[(1, "true", "roads")], &staff, &[1]);
    assert_eq!(place(&difference.pairs[0].to), "env");
}

#[test]
fn pairs_come_by_number_with_examples_and_both_reasons() {
    let before = [(1, "ticket.priority == 1", "env"), (2, "true", "city")];
    let after = [(3, "ticket.priority <= 2", "roads"), (2, "true", "city")];
    let difference = simulate(&before, &after, &[2, 1, 2, 5, 2]);
    let pairs: Vec<_> = difference.pairs.iter().map(|p| (place(&p.from), place(&p.to), p.tickets)).collect();
    assert_eq!(
        pairs,
        [("city".into(), "roads".into(), 3), ("env".into(), "roads".into(), 1)] as [(String, String, _); 2]
    );
    let example = &difference.pairs[0].examples[0];
    assert_eq!(
        (example.key, example.before.as_str(), example.after.as_str()),
        (0, "rule `r2` (R2) → city", "rule `r3` (R3) → roads")
    );
    assert_eq!((difference.tickets, difference.elsewhere, difference.in_other_pairs), (5, 4, 0));
    let few = Simulation::<usize>::new(&directory(&[]), 1).finish(0);
    assert_eq!((few.tickets, few.pairs.len()), (0, 0));
}

#[test]
fn pairs_that_are_not_shown_are_still_counted() {
    let (before, after) =
        (directory(&[(1, "true", "city")]), directory(&[(2, "ticket.priority == 1", "env")]));
    let mut simulation = Simulation::new(&after, 1);
    simulation.try_on(&before, &after, &past(&[1, 2, 2]), at());
    assert_eq!(simulation.so_far(), (3, 3));
    let difference = simulation.finish(1);
    assert_eq!((difference.pairs.len(), difference.pairs[0].tickets, difference.in_other_pairs), (1, 2, 1));
}

#[test]
fn other_marks_are_counted_apart() {
    let before = [(2, "true", "city")];
    let after = [(1, "ticket.priority == 3", "urgent"), (2, "true", "city")];
    let difference = simulate(&before, &after, &[3, 4]);
    assert_eq!((difference.elsewhere, difference.other_marks), (0, 1));
}

#[test]
fn what_came_of_each_rule_is_told() {
    let after = [
        (1, "ticket.item_path[9] == 'x'", "env"),
        (2, "ticket.priority == 3", "urgent"),
        (3, "ticket.priority == 1", "later"),
        (4, "ticket.priority <= 3", "city"),
        (5, "ticket.priority == 2", "roads"),
        (6, "true", "env"),
        (7, "true", "roads"),
    ];
    let rules = simulate(&[], &after, &[1, 3, 4]).rules;
    let told: Vec<_> = rules
        .iter()
        .map(|(id, t)| format!("{id}: {} {} {} {} {}", t.tried, t.decided, t.marked, t.passed_over, t.failed))
        .collect();
    assert_eq!(
        told,
        [
            "1: 3 0 0 0 3",
            "2: 3 0 1 0 0",
            "3: 3 0 0 1 0",
            "4: 3 2 0 0 0",
            "5: 1 0 0 0 0",
            "6: 1 1 0 0 0",
            "7: 0 0 0 0 0"
        ]
    );
    assert_eq!(rules[0].1.failure, "no element of this number in the list");
}

#[test]
fn conditions_see_the_time_of_the_ticket_and_targets_that_of_the_simulation() {
    let night = [(1, "time.hour == 10", "later"), (2, "true", "city")];
    let (before, after) = (directory(&[(3, "true", "city")]), directory(&night));
    let mut elsewhere = Vec::new();
    for at in [at(), "2026-12-02T00:00:00Z".parse().unwrap()] {
        let mut simulation = Simulation::new(&after, 3);
        simulation.try_on(&before, &after, &past(&[1, 1, 1]), at);
        let difference = simulation.finish(10);
        elsewhere.push(difference.pairs.first().map(|p| (place(&p.to), p.examples[0].key)));
    }
    assert_eq!(elsewhere, [None, Some(("later".to_owned(), 1))], "the unit begins in December");
}
