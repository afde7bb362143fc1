use crate::support::{Suite, TestTicket, dispatched_to, id, pool_reason, rule, unit};
use gongdan_bus::Origin;
use gongdan_proto::{
    common::v1::ListDeadLettersRequest,
    routing::v1::{self as pb, DecisionState, TrialOutcome},
    tickets::v1::{Phase, Reopened, ticket_event::Change},
};
use gongdan_region::RegionCode;
use gongdan_testkit::eventually_some;

#[tokio::test]
async fn the_first_rule_that_holds_sends_a_ticket_on() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.rule("never", "ticket.priority == 1", "city").await;
    suite.rule("noise", "ticket.subject.contains('噪音') && ticket.channel == 'phone'", "roads").await;
    suite.rule("all", "true", "city").await;
    let noisy = suite.submitted("环境/噪音", "夜间噪音扰民").await;
    let decision = suite.decision(&noisy).await;
    assert_eq!((dispatched_to(&decision), decision.ticket_version, decision.version), ("roads", 1, 1));
    let quiet = suite.submitted("环境/噪音", "路灯不亮").await;
    assert_eq!(dispatched_to(&suite.decision(&quiet).await), "city");
}

#[tokio::test]
async fn without_a_rule_the_unit_of_the_area_gets_it() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env");
    let ticket = suite.submitted("教育", "择校").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "city");
}

#[tokio::test]
async fn no_rule_and_no_area_leaves_it_in_the_manual_pool_with_the_explanation() {
    let suite = Suite::start().await;
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            units: vec![unit("env", "", "440106")],
            ..Default::default()
        })
        .await;
    suite.rule("urgent", "ticket.priority == 1", "env").await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(pool_reason(&decision), "no rule, no responsible person, no area and no desk matches");
    let explained = suite.explain(&ticket).await;
    assert_eq!(explained.rules[0].outcome(), TrialOutcome::NotMatched);
    assert!(explained.areas.is_empty());
}

#[tokio::test]
async fn a_returned_ticket_never_goes_back_to_the_unit_that_returned_it() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite.rule("noise", "ticket.item == '环境/噪音'", "roads").await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    for unit in ["roads", "env", "city"] {
        let decision = suite.decision(&ticket).await;
        assert_eq!(dispatched_to(&decision), unit);
        suite.dispatched_and_returned(&mut ticket, &decision, unit).await;
        assert_eq!(suite.answered(&decision).await.state(), DecisionState::Dispatched);
    }
    let last = suite.decision(&ticket).await;
    assert_eq!(
        pool_reason(&last),
        "every unit that rules, responsibilities and areas name and every desk around it has returned it"
    );
    assert_eq!(suite.explain(&ticket).await.excluded_unit_ids, ["roads", "env", "city"]);
}

#[tokio::test]
async fn arbitration_goes_to_the_pool_with_its_reason() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    ticket.state.arbitration = true;
    suite.dispatched_and_returned(&mut ticket, &decision, "env").await;
    assert!(pool_reason(&suite.decision(&ticket).await).starts_with("arbitration: returned 1 times"));
    assert!(suite.explain(&ticket).await.arbitration);
}

#[tokio::test]
async fn what_a_rule_reads_of_a_returned_ticket_comes_from_its_owner() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    suite
        .rule(
            "noise",
            "ticket.subject == '夜间噪音' && ticket.body == '详情' && ticket.return_count == 1",
            "city",
        )
        .await;
    let mut ticket = suite.submitted("环境/噪音", "夜间噪音").await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&decision), "env");
    suite.dispatched_and_returned(&mut ticket, &decision, "env").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "city");
}

#[tokio::test]
async fn a_reopened_ticket_is_decided_anew_unless_it_goes_back_to_its_unit() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    suite.dispatched(&mut ticket, &decision, "env").await;
    ticket.state.round = 2;
    let reopened =
        Change::Reopened(Reopened { reason: "未解决".into(), from_round: 1, ..Default::default() });
    ticket.next(Phase::InProgress);
    suite.tell(&ticket, "reopened", Origin::Live, reopened.clone()).await;
    ticket.next(Phase::PendingDispatch);
    suite.tell(&ticket, "reopened", Origin::Live, reopened).await;
    let again = suite.decision(&ticket).await;
    assert_eq!((again.ticket_version, dispatched_to(&again)), (4, "env"));
    assert_eq!(suite.told(&ticket).await.len(), 2);
}

#[tokio::test]
async fn the_past_is_not_routed() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let past = TestTicket::new("环境/噪音");
    suite.submit(&past, "噪音", Origin::Import).await;
    let live = suite.submitted("环境/噪音", "噪音").await;
    suite.decision(&live).await;
    assert!(suite.told(&past).await.is_empty());
}

#[tokio::test]
async fn marks_of_rules_travel_with_the_decision() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let marks = pb::Rule {
        action: Some(pb::RuleAction {
            target: None,
            assisting_unit_ids: vec!["roads".into()],
            mark_sensitive: true,
            set_priority: 1,
        }),
        ..rule("marks", "ticket.type == 'complaint'", "")
    };
    let request = pb::PutRuleRequest { request_id: id(), rule: Some(marks), ..Default::default() };
    suite.rules("admin").put_rule(request).await.unwrap();
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(dispatched_to(&decision), "env");
    assert_eq!((decision.mark_sensitive, decision.set_priority), (true, 1));
    assert_eq!(decision.assisting_unit_ids, ["roads"]);
}

#[tokio::test]
async fn a_rule_that_is_changed_disabled_or_deleted_counts_from_the_next_ticket_on() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let first = suite.rule("a", "true", "roads").await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "roads");
    let disabled = pb::Rule { disabled: true, ..first };
    let request = pb::PutRuleRequest { request_id: id(), rule: Some(disabled), ..Default::default() };
    suite.rules("admin").put_rule(request).await.unwrap();
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env");
    suite.rule("b", "true", "city").await;
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "city");
    let request = pb::DeleteRuleRequest { request_id: id(), id: "b".into(), ..Default::default() };
    suite.rules("admin").delete_rule(request).await.unwrap();
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_holds_back_its_own_ticket_only() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let broken = TestTicket::new("环境/噪音");
    let region = RegionCode::parse("440106").unwrap();
    suite.tell_raw(&broken, "submitted", Origin::Live, vec![0xff; 9], region).await;
    let good = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&good).await), "env");
    let dead = eventually_some("the dead letter", async || {
        let list = suite.dead_letters().list_dead_letters(ListDeadLettersRequest::default()).await.unwrap();
        list.into_inner().dead_letters.into_iter().next()
    })
    .await;
    assert_eq!((dead.aggregate_id, dead.consumer.as_str()), (broken.id.to_string(), "routing-tickets"));
}
