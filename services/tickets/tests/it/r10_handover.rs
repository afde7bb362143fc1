//! R10 on tickets' side: somebody hands their tickets over, one decision each.

use crate::suite::{Suite, resolve, transfer};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    common::v1::{ActorRef, HandoverCause},
    routing::v1::{DispatchTarget, Handover, decision_event::Target},
    tickets::v1 as pb,
};
use gongdan_testkit::eventually;
use uuid::Uuid;

fn named(id: &str, name: &str) -> ActorRef {
    ActorRef { id: id.to_owned(), name: name.to_owned(), ..ActorRef::default() }
}

fn decision() -> Uuid {
    new_id(SystemClock.now())
}

impl Suite {
    /// From `li.wei` of `tianhe-env` to somebody there, or to the unit.
    async fn hands_over(&self, id: Uuid, version: i64, ticket: &pb::Ticket, to: &str) {
        let target = DispatchTarget { unit_id: "tianhe-env".to_owned(), person_id: to.to_owned() };
        let handover = Handover {
            reassignment_id: Uuid::from_u128(10).to_string(),
            from_person_id: "li.wei".to_owned(),
            reason: "li.wei is on leave".to_owned(),
            started_by: Some(named("chen.jing", "陈静")),
            from_person_name: "李伟".to_owned(),
            cause: HandoverCause::OnLeave.into(),
        };
        self.handed_over(id, version, ticket, Target::Dispatch(target), Some(handover)).await;
    }

    async fn at_version(&self, ticket: &pb::Ticket, version: i64) -> pb::Ticket {
        eventually("the decision is answered", async || self.get(&ticket.id).await.version >= version).await;
        self.get(&ticket.id).await
    }

    async fn last_change(&self, ticket: &pb::Ticket) -> (String, pb::ticket_event::Change) {
        let entry = self.timeline(&ticket.id).await.pop().unwrap();
        (entry.actor.unwrap().id, entry.change.unwrap())
    }
}

#[tokio::test]
async fn it_goes_to_a_colleague_who_goes_on_with_it_and_the_timeline_says_why() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let id = decision();
    suite.hands_over(id, 1, &ticket, "wang.wu").await;
    let given = suite.at_version(&ticket, ticket.version + 1).await;
    assert_eq!((given.phase(), given.handler_id.as_str()), (pb::Phase::InProgress, "wang.wu"));
    assert_eq!((given.decision_id, given.transfer_count), (id.to_string(), 0));
    assert_eq!(given.accepted_at, ticket.accepted_at);
    let (actor, change) = suite.last_change(&ticket).await;
    let pb::ticket_event::Change::Transferred(change) = change else { panic!("not transferred") };
    assert_eq!(actor, "service.routing");
    let told = pb::Transferred {
        from_unit_id: "tianhe-env".to_owned(),
        to_unit_id: "tianhe-env".to_owned(),
        to_person_id: "wang.wu".to_owned(),
        reason: "li.wei is on leave".to_owned(),
        decision_id: id.to_string(),
        started_by: Some(named("chen.jing", "陈静")),
        from_person: Some(named("li.wei", "李伟")),
        cause: HandoverCause::OnLeave.into(),
    };
    assert_eq!(change, told);

    // Sent again, then a sign that it was passed over: the answer to another decision.
    suite.hands_over(id, 2, &ticket, "wang.wu").await;
    let other = suite.accepted().await;
    suite.hands_over(decision(), 1, &other, "").await;
    let back = suite.at_version(&other, other.version + 1).await;
    assert_eq!(suite.get(&ticket.id).await.version, given.version);
    // Without a person it waits for anybody of the unit, and has to be accepted anew.
    assert_eq!((back.phase(), back.handler_id.as_str(), back.accepted_at), (pb::Phase::Dispatched, "", None));
    assert_eq!(back.lead_unit_id, "tianhe-env");
}

#[tokio::test]
async fn what_has_moved_on_is_refused_once_with_why_and_stays() {
    let suite = Suite::start().await;
    let resolved = suite.resolved().await;
    let moved = suite.accepted().await;
    suite.tickets("li.wei").transfer_ticket(transfer(&moved, "yuexiu-env")).await.unwrap();
    let moved = suite.get(&moved.id).await;
    for (ticket, why) in [
        (&resolved, format!("the ticket is {}", "resolved")),
        (&moved, "li.wei has the ticket in hand no longer".to_owned()),
    ] {
        let id = decision();
        suite.hands_over(id, 1, ticket, "wang.wu").await;
        let after = suite.at_version(ticket, ticket.version + 1).await;
        let (_, change) = suite.last_change(ticket).await;
        let refused = pb::DecisionRefused { decision_id: id.to_string(), reason: why };
        assert_eq!(change, pb::ticket_event::Change::DecisionRefused(refused));
        assert_eq!((after.phase(), &after.handler_id), (ticket.phase(), &ticket.handler_id));
        // Once, however often it is sent.
        suite.hands_over(id, 2, ticket, "wang.wu").await;
        let other = suite.accepted().await;
        suite.hands_over(decision(), 1, &other, "wang.wu").await;
        suite.at_version(&other, other.version + 1).await;
        assert_eq!(suite.get(&ticket.id).await.version, after.version);
    }
}

#[tokio::test]
async fn people_who_work_on_tickets_and_a_handover_of_all_meet_and_none_is_lost() {
    let suite = Suite::start().await;
    let mut tickets = Vec::new();
    for _ in 0..12 {
        tickets.push(suite.accepted().await);
    }
    for (at, ticket) in tickets.iter().enumerate() {
        suite.hands_over(decision(), 1, ticket, "wang.wu").await;
        if at % 3 == 0 {
            // May come before or after.
            let _ = suite.tickets("li.wei").resolve_ticket(resolve(ticket)).await;
        }
    }
    for ticket in &tickets {
        eventually("the decision is answered", async || {
            let changes = suite.changes(&ticket.id).await;
            let (gone, refused) = (changes.contains(&"transferred"), changes.contains(&"decision_refused"));
            gone != refused && (gone || suite.get(&ticket.id).await.handler_id == "li.wei")
        })
        .await;
    }
}
