//! R10, R6: what a rule says of how many tickets people may have binds reassignments too.

use crate::{
    r10_reassign::of,
    support::{Suite, id},
};
use gongdan_proto::routing::v1::{self as pb, rule_action::Target};

#[tokio::test]
async fn r10_the_capacity_of_the_units_rules_binds_a_reassignment() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let rule = |id: &str, unit: &str, capacity, disabled| {
        let strategy = pb::StrategyAction {
            unit_id: unit.into(),
            strategy: pb::AssignmentStrategy::LeastLoaded.into(),
            capacity,
            ..Default::default()
        };
        pb::Rule {
            id: id.into(),
            name: id.into(),
            when: "false".into(),
            disabled,
            action: Some(pb::RuleAction { target: Some(Target::Strategy(strategy)), ..Default::default() }),
            ..Default::default()
        }
    };
    for rule in [
        rule("three", "roads", 3, false),
        rule("two", "roads", 2, false),
        rule("off", "roads", 1, true),
        rule("others", "env", 1, false),
    ] {
        let put = pb::PutRuleRequest { request_id: id(), rule: Some(rule), ..Default::default() };
        suite.rules("admin").put_rule(put).await.unwrap();
    }
    suite.in_hand("bo", "roads", 1).await;
    suite.in_hand("an", "roads", 5).await;
    let summary = suite.preview("admin", of("an")).await.unwrap().summary.unwrap();
    assert_eq!((summary.to_people, summary.nobody_able), (3, 2));
    let shares: Vec<_> =
        summary.people.iter().map(|one| (one.person_id.as_str(), one.load_after, one.capacity)).collect();
    assert_eq!(shares, [("an", 2, 2), ("bo", 2, 2), ("chen", 2, 2)]);
}
