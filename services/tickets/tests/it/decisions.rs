//! DESIGN rule 14: routing decides, tickets answers.

use crate::suite::{Suite, claim, dispatch, give_back, urge};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    routing::v1::{DispatchTarget, PoolTarget, decision_event::Target},
    tickets::v1 as pb,
};
use gongdan_testkit::eventually;
use uuid::Uuid;

fn to(unit: &str) -> Target {
    Target::Dispatch(DispatchTarget { unit_id: unit.to_owned(), person_id: String::new() })
}

fn decision() -> Uuid {
    new_id(SystemClock.now())
}

async fn version(suite: &Suite, ticket: &pb::Ticket, version: i64) -> pb::Ticket {
    eventually("the decision is answered", async || suite.get(&ticket.id).await.version >= version).await;
    suite.get(&ticket.id).await
}

#[tokio::test]
async fn a_decision_dispatches_and_is_answered_once() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let id = decision();
    suite.decided(id, 1, &ticket, to("tianhe-env")).await;
    let dispatched = version(&suite, &ticket, 2).await;
    assert_eq!((dispatched.phase(), dispatched.decision_id), (pb::Phase::Dispatched, id.to_string()));
    let entry = suite.timeline(&ticket.id).await.remove(1);
    assert_eq!(entry.actor.unwrap().id, "service.routing");
    let Some(pb::ticket_event::Change::Dispatched(change)) = entry.change else { panic!("not dispatched") };
    assert_eq!((change.unit_id.as_str(), change.decision_id), ("tianhe-env", id.to_string()));

    // Sent again, then a sign that it was passed over: the answer to another decision.
    suite.decided(id, 2, &ticket, to("tianhe-env")).await;
    let other = suite.submitted().await;
    suite.decided(decision(), 1, &other, to("tianhe-env")).await;
    version(&suite, &other, 2).await;
    assert_eq!(suite.get(&ticket.id).await.version, 2);
}

#[tokio::test]
async fn a_decision_that_comes_too_late_is_refused_once() {
    let suite = Suite::start().await;
    let ticket = suite.dispatched("yuexiu-env").await;
    let early = pb::Ticket { version: 1, ..ticket.clone() };
    let id = decision();
    suite.decided(id, 1, &early, to("tianhe-env")).await;
    let refused = version(&suite, &ticket, 3).await;
    assert_eq!((refused.phase(), refused.lead_unit_id.as_str()), (pb::Phase::Dispatched, "yuexiu-env"));
    assert_eq!(suite.changes(&ticket.id).await[2], "decision_refused");
    suite.decided(id, 2, &early, to("tianhe-env")).await;
    let other = suite.submitted().await;
    suite.decided(decision(), 1, &other, to("tianhe-env")).await;
    version(&suite, &other, 2).await;
    assert_eq!(suite.get(&ticket.id).await.version, 3);
}

#[tokio::test]
async fn an_urge_in_between_does_not_spoil_a_decision_but_a_return_does() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    suite.decided(decision(), 1, &ticket, to("tianhe-env")).await;
    assert_eq!(version(&suite, &ticket, 3).await.phase(), pb::Phase::Dispatched);
    suite.tickets("li.wei").return_ticket(give_back(&ticket)).await.unwrap();
    suite.decided(decision(), 1, &ticket, to("tianhe-env")).await;
    let refused = version(&suite, &ticket, 5).await;
    assert_eq!(refused.phase(), pb::Phase::PendingDispatch);
    assert_eq!(suite.changes(&ticket.id).await[4], "decision_refused");
}

#[tokio::test]
async fn a_pooled_ticket_is_claimed_by_the_pools_unit() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let pool = Target::Pool(PoolTarget {
        unit_id: "tianhe-env".to_owned(),
        reason: "无匹配规则".to_owned(),
        claim_limit: 0,
    });
    suite.decided(decision(), 1, &ticket, pool).await;
    let pooled = version(&suite, &ticket, 2).await;
    assert_eq!((pooled.phase(), pooled.pool_unit_id.as_str()), (pb::Phase::PendingDispatch, "tianhe-env"));
    assert_eq!(pooled.pool_reason, "无匹配规则");
    suite.tickets("wang.fang").claim_ticket(claim(&ticket)).await.expect_err("not of the pool's unit");
    let claimed = suite.tickets("li.wei").claim_ticket(claim(&ticket)).await.unwrap().into_inner();
    assert_eq!((claimed.phase(), claimed.pool_unit_id.as_str()), (pb::Phase::InProgress, ""));
}

#[tokio::test]
async fn many_decisions_in_one_batch_meet_people_at_work() {
    let suite = Suite::start().await;
    let mut tickets = Vec::new();
    for _ in 0..20 {
        tickets.push(suite.submitted().await);
    }
    for (at, ticket) in tickets.iter().enumerate() {
        suite.decided(decision(), 1, ticket, to("tianhe-env")).await;
        if at % 4 == 0 {
            // A dispatcher may be faster; one of both is refused, none is lost.
            let _ = suite.tickets("chen.jing").dispatch_ticket(dispatch(ticket, "yuexiu-env")).await;
        }
    }
    for ticket in &tickets {
        eventually("the decision is answered", async || {
            let changes = suite.changes(&ticket.id).await;
            let refused = changes.contains(&"decision_refused");
            let by_hand = suite.get(&ticket.id).await.decision_id.is_empty();
            changes.contains(&"dispatched") && refused == by_hand
        })
        .await;
    }
}
