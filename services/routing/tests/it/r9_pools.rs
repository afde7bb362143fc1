//! R9: which pool a ticket waits in, and how many of it a person may claim, is decided here.

use crate::{
    r10_reassign::{named, of},
    support::{Suite, TestTicket, id, rule},
};
use gongdan_bus::Origin;
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    routing::v1::{
        self as pb, AssignmentStrategy, PersonOutcome, PoolTarget, decision_event::Target,
        rule_action::Target as Action,
    },
    tickets::v1::{self as tickets, Claimed, Phase, Returned, TicketEvent, ticket_event::Change},
};
use gongdan_region::RegionCode;
use gongdan_testkit::eventually;
use prost::Message as _;

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

/// Somebody does something to a ticket.
async fn does(suite: &Suite, ticket: &TestTicket, who: &str, kind: &str, change: Change) {
    let actor = ActorRef { id: who.to_owned(), kind: PrincipalKind::Person.into(), ..ActorRef::default() };
    let payload = TicketEvent {
        ticket_id: ticket.id.to_string(),
        version: ticket.state.version,
        actor: Some(actor),
        state: Some(ticket.state.clone()),
        change: Some(change),
        ..TicketEvent::default()
    };
    let region = RegionCode::parse(&ticket.state.region).unwrap();
    suite.tell_raw(ticket, kind, Origin::Live, payload.encode_to_vec(), region).await;
}

#[tokio::test]
async fn r9_who_claimed_it_has_put_it_back_whoever_did_so_for_them() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    // `an` claims, `bo` puts it back for them, `chen` claims.
    let mut ticket = TestTicket::new("道路");
    ticket.state.pool_unit_id = "roads".into();
    let pooled = tickets::Pooled { unit_id: "roads".into(), reason: "值班".into(), ..Default::default() };
    suite.tell(&ticket, "pooled", Origin::Live, Change::Pooled(pooled)).await;
    let claimed = || Change::Claimed(Claimed { unit_id: "roads".into() });
    let claim = |ticket: &mut TestTicket, who: &str| {
        ticket.next(Phase::InProgress);
        (ticket.state.handler_id, ticket.state.lead_unit_id) = (who.into(), "roads".into());
        ticket.state.pool_unit_id.clear();
    };
    claim(&mut ticket, "an");
    does(&suite, &ticket, "an", "claimed", claimed()).await;
    ticket.next(Phase::PendingDispatch);
    ticket.state.handler_id.clear();
    ticket.state.lead_unit_id.clear();
    ticket.state.pool_unit_id = "roads".into();
    ticket.state.put_back_by_ids = vec!["an".into()];
    let back = Returned { unit_id: "roads".into(), reason: "请假".into(), to_pool: true };
    does(&suite, &ticket, "bo", "returned", Change::Returned(back)).await;
    claim(&mut ticket, "chen");
    does(&suite, &ticket, "chen", "claimed", claimed()).await;
    eventually("`chen` has it", async || suite.load_of("chen").await == (1, 0)).await;

    let ahead = async |to: &str| {
        let request = pb::PreviewReassignmentRequest { to: named(to), ..of("chen") };
        suite.preview("admin", request).await.unwrap().tickets.remove(0)
    };
    assert_eq!(ahead("bo").await.to_person_id, "bo", "who put it back for another may have it");
    let refused = ahead("an").await;
    assert_eq!(refused.why, "nobody of `roads` can take it: an: 1 put it back");
    assert_eq!(refused.courses[0].people[0].outcome(), PersonOutcome::PutItBack);

    // Rules with a strategy see it too, when it is routed anew in the same round.
    let strategy = pb::StrategyAction {
        unit_id: "roads".into(),
        strategy: AssignmentStrategy::RoundRobin.into(),
        ..Default::default()
    };
    put(&suite, "robin", "true", Action::Strategy(strategy)).await;
    ticket.next(Phase::PendingDispatch);
    ticket.state.handler_id.clear();
    ticket.state.lead_unit_id.clear();
    let escalated = Change::Escalated(tickets::Escalated::default());
    does(&suite, &ticket, "admin", "escalated", escalated).await;
    let decision = suite.decision(&ticket).await;
    let Some(Target::Dispatch(to)) = &decision.target else { panic!("{decision:?}") };
    assert_eq!(to.person_id, "bo", "`an` would be the first");
    let trials = suite.explain(&ticket).await.rules;
    let of_an = trials[0].people.iter().find(|one| one.person_id == "an").unwrap();
    assert_eq!(of_an.outcome(), PersonOutcome::PutItBack);
}
