//! R8: 首接负责制, where a rule turns it on.

use crate::support::{Suite, TestTicket, dispatched_to, id, pool_reason};
use gongdan_proto::{
    routing::v1::{self as pb, TrialOutcome, rule_action::Target},
    tickets::v1::Phase,
};

async fn turned_on(suite: &Suite, when: &str) {
    let rule = pb::Rule {
        id: "first".into(),
        name: "首接负责".into(),
        when: when.into(),
        action: Some(pb::RuleAction {
            target: Some(Target::FirstReceiver(pb::FirstReceiverAction {})),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = pb::PutRuleRequest { request_id: id(), rule: Some(rule.clone()), ..Default::default() };
    let kept = suite.rules("admin").put_rule(request).await.unwrap().into_inner();
    assert_eq!(kept.action, rule.action);
}

/// It is dispatched as was decided, and the unit gives it back.
async fn back(suite: &Suite, ticket: &mut TestTicket, decision: &pb::DecisionEvent) {
    let unit = dispatched_to(decision).to_owned();
    ticket.state.lead_unit_id.clone_from(&unit);
    suite.dispatched(ticket, decision, &unit).await;
    ticket.state.lead_unit_id.clear();
    ticket.next(Phase::PendingDispatch);
    ticket.state.returned_by_unit_ids.push(unit.clone());
    ticket.state.return_count += 1;
    ticket.state.arbitration = ticket.state.returned_by_unit_ids.len() > 3;
    let returned = gongdan_proto::tickets::v1::Returned {
        unit_id: unit,
        reason: "不属于本部门职责".to_owned(),
        to_pool: false,
    };
    let change = gongdan_proto::tickets::v1::ticket_event::Change::Returned(returned);
    suite.tell(ticket, "returned", gongdan_bus::Origin::Live, change).await;
}

#[tokio::test]
async fn r8_the_first_receiver_gets_it_back_although_it_returned_it_until_there_is_arbitration() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    turned_on(&suite, "ticket.return_count >= 2").await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    for (n, expected) in ["env", "city", "env", "env"].into_iter().enumerate() {
        let decision = suite.decision(&ticket).await;
        assert_eq!(dispatched_to(&decision), expected, "{n}");
        if n >= 2 {
            assert!(decision.summary.ends_with("→ env, first receiver, although it returned it"));
        }
        back(&suite, &mut ticket, &decision).await;
    }
    let last = suite.decision(&ticket).await;
    assert!(pool_reason(&last).starts_with("arbitration: returned 4 times"), "{}", pool_reason(&last));
    assert!(suite.explain(&ticket).await.arbitration);
}

#[tokio::test]
async fn r8_it_is_the_first_of_this_round_and_one_that_is_gone_is_passed_over() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    turned_on(&suite, "true").await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&decision), "env", "nobody received it before");
    let trial = suite.explain(&ticket).await.rules.remove(0);
    assert_eq!(
        (trial.outcome(), trial.detail.as_str()),
        (TrialOutcome::TargetGone, "no first receiver: nobody returned it in this round")
    );
    back(&suite, &mut ticket, &decision).await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&decision), "env");

    // In the next round another unit received it first.
    ticket.state.round = 2;
    ticket.state.returned_by_unit_ids.clear();
    let elsewhere = "道路/坑洼";
    ticket.state.item = elsewhere.into();
    ticket.next(Phase::PendingDispatch);
    let change = gongdan_proto::tickets::v1::ticket_event::Change::Reopened(Default::default());
    suite.tell(&ticket, "reopened", gongdan_bus::Origin::Live, change).await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&decision), "roads");
    back(&suite, &mut ticket, &decision).await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&decision), "roads");
    // Its dates are over: the search goes on without it.
    let over = pb::UnitRow {
        valid_to: Some(prost_types::Timestamp { seconds: 1_500_000_000, nanos: 0 }),
        ..crate::support::unit("roads", "city", "440106")
    };
    let request = pb::ImportOrganisationRequest { request_id: id(), units: vec![over], ..Default::default() };
    suite.import(request).await;
    back(&suite, &mut ticket, &decision).await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "city");
    let trial = suite.explain(&ticket).await.rules.remove(0);
    assert_eq!((trial.outcome(), trial.detail.as_str()), (TrialOutcome::TargetGone, "first receiver roads"));
}
