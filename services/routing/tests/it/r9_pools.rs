//! R9: which pool a ticket waits in, and how many of it a person may claim, is decided here.

use crate::support::{Suite, TestTicket, id, rule};
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{
        self as pb, AssignmentStrategy, PoolTarget, decision_event::Target, rule_action::Target as Action,
    },
    tickets::v1::{Phase, Returned, ticket_event::Change},
};
use gongdan_testkit::eventually;

async fn put(suite: &Suite, id: &str, when: &str, target: Action) -> pb::Rule {
    let action = pb::RuleAction { target: Some(target), ..Default::default() };
    let rule = pb::Rule { action: Some(action), ..rule(id, when, "") };
    let request =
        pb::PutRuleRequest { request_id: crate::support::id(), rule: Some(rule), ..Default::default() };
    suite.rules("admin").put_rule(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_pool_has_the_limit_that_its_rule_says() {
    let suite = Suite::in_guangzhou().await;
    let mut person = crate::support::person("li.wei", "roads");
    person.roles = vec!["handler".to_owned()];
    let request =
        pb::ImportOrganisationRequest { request_id: id(), principals: vec![person], ..Default::default() };
    suite.import(request).await;
    let pool = pb::PoolAction { unit_id: "env".into(), claim_limit: 4, ..Default::default() };
    let noise = "ticket.item.startsWith('环境')";
    let kept = put(&suite, "noise", noise, Action::Pool(pool.clone())).await;
    assert_eq!(kept.action.unwrap().target, Some(Action::Pool(pool)));
    // Nobody can take more than one at a time: the second waits in the pool of the strategy's unit.
    let strategy = pb::StrategyAction {
        unit_id: "roads".into(),
        strategy: AssignmentStrategy::LeastLoaded.into(),
        capacity: 1,
        claim_limit: 2,
        ..Default::default()
    };
    put(&suite, "roads", "true", Action::Strategy(strategy)).await;

    let target = async |item| {
        let ticket = TestTicket::new(item);
        suite.submit(&ticket, "求助", Origin::Live).await;
        suite.decision(&ticket).await.target.unwrap()
    };
    let limited = |target| match target {
        Target::Pool(PoolTarget { unit_id, claim_limit, .. }) => (unit_id, claim_limit),
        Target::Dispatch(to) => panic!("dispatched to {to:?}"),
    };
    assert_eq!(limited(target("环境/噪音").await), ("env".to_owned(), 4));
    assert!(matches!(target("道路/照明").await, Target::Dispatch(_)));
    assert_eq!(limited(target("道路/照明").await), ("roads".to_owned(), 2));
    let kept: Vec<i32> = sqlx::query_scalar("SELECT claim_limit FROM decisions ORDER BY decided_at")
        .fetch_all(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(kept, [4, 0, 2]);
}

#[tokio::test]
async fn what_is_put_back_into_its_pool_is_not_decided_about_again() {
    let suite = Suite::in_guangzhou().await;
    let decisions = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM decisions").fetch_one(suite.env.pool()).await.unwrap()
    };
    let mut ticket = TestTicket::new("环境/噪音");
    suite.submit(&ticket, "噪音", Origin::Live).await;
    suite.decision(&ticket).await;
    ticket.next(Phase::PendingDispatch);
    let back = Returned { unit_id: "env".into(), reason: "请病假".into(), to_pool: true };
    suite.tell(&ticket, "returned", Origin::Live, Change::Returned(back.clone())).await;
    // A return that is one is decided about; it comes after it in the order of the ticket's events.
    ticket.next(Phase::PendingDispatch);
    let returned = Returned { to_pool: false, ..back };
    suite.tell(&ticket, "returned", Origin::Live, Change::Returned(returned)).await;
    eventually("the return is decided about", async || decisions().await >= 2).await;
    let versions: Vec<i64> =
        sqlx::query_scalar("SELECT ticket_version FROM decisions ORDER BY ticket_version")
            .fetch_all(suite.env.pool())
            .await
            .unwrap();
    assert_eq!(versions, [1, 3]);
}
