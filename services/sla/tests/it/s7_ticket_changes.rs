//! S7: when a ticket's priority or region changes, what is left of its clocks moves; what was used stays.

use crate::suite::{Suite, TicketLife, at};
use gongdan_clock::Clock as _;
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb, ClockKind, ClockState, ClockTurnKind, RecalculationCause, clock_event},
    tickets::v1::{Priority, TicketType},
};
use gongdan_testkit::{eventually, eventually_some};

async fn due(suite: &Suite, service: &gongdan_testkit::Served, ticket: &str, due: &str) -> pb::Clock {
    let due = at(due);
    eventually_some("the handling clock is due then", async || {
        let clocks = suite.clocks_of(service, ticket).await;
        clocks.into_iter().find(|clock| {
            clock.kind() == ClockKind::Handling && from_timestamp(&clock.due_at.unwrap()) == Ok(due)
        })
    })
    .await
}

#[tokio::test]
async fn s7_another_priority_moves_what_is_left_and_says_so() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    (ticket.state.r#type, ticket.state.sla_policy) = (TicketType::Incident.into(), "priority".into());
    ticket.state.priority = Priority::P3.into();
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    let before = due(&suite, &service, &id, "2026-03-04T18:00").await;
    assert_eq!(before.amount, "24wh");

    ticket.state.priority = Priority::P2.into();
    ticket.dispatched(&suite, "2026-03-02T11:00").await;
    let after = due(&suite, &service, &id, "2026-03-02T17:00").await;
    assert_eq!((after.id.as_str(), after.amount.as_str()), (before.id.as_str(), "8h"));
    assert_ne!(after.rule, before.rule);
    let turn = after.turns.last().unwrap();
    assert_eq!(turn.kind(), ClockTurnKind::Recalculated);
    let (terms, spent) = (turn.before.as_ref().unwrap(), turn.spent.as_ref().unwrap());
    assert_eq!((terms.amount.as_str(), terms.rule), ("24wh", before.rule));
    assert_eq!((spent.working.unwrap().seconds, spent.elapsed.unwrap().seconds), (7_200, 7_200));
    let (kind, told) = eventually_some("it is told", async || {
        suite.published().await.into_iter().find_map(|(event, payload)| match payload.change {
            Some(clock_event::Change::Recalculated(change)) if payload.clock_id == after.id => {
                Some((event.kind, change))
            }
            _ => None,
        })
    })
    .await;
    assert_eq!((kind.as_str(), told.cause()), ("recalculated", RecalculationCause::Ticket));
    assert_eq!(told.previous_due_at, before.due_at);

    // it fires by the new terms, and ends with all its time
    suite.clock.set(at("2026-03-02T17:00:01"));
    let fired = ["started", "recalculated", "warned 50 late", "warned 80 late", "breached"];
    eventually("it breaches", async || suite.story(&after.id).await == fired).await;
    ticket.resolved(&suite, "2026-03-02T18:00").await;
    let ended = suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Stopped).await;
    assert_eq!((ended.working_seconds, ended.handling_working_seconds), (8 * 3_600, 6 * 3_600));
    assert!(ended.breached);
    service.stop().await;
}

#[tokio::test]
async fn s7_a_suspended_ticket_that_changes_keeps_what_it_used() {
    use gongdan_proto::tickets::v1::{Resumed, Suspended, ticket_event::Change};
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    (ticket.state.r#type, ticket.state.sla_policy) = (TicketType::Incident.into(), "priority".into());
    ticket.state.priority = Priority::P3.into();
    let id = ticket.state.id.clone();
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    ticket.dispatched(&suite, "2026-03-02T10:00").await;
    ticket.act(&suite, Change::Suspended(Suspended::default()), "2026-03-02T12:00").await;
    ticket.state.priority = Priority::P4.into();
    ticket.act(&suite, Change::Resumed(Resumed::default()), "2026-03-04T09:00").await;
    // three of forty working hours were used
    let after = due(&suite, &service, &id, "2026-03-10T15:00").await;
    assert_eq!(after.amount, "40wh");
    service.stop().await;
}

/// All in one batch: the consumer has loaded what the restored clock needs, though it was not open when the batch began.
#[tokio::test]
async fn s7_a_merge_that_is_undone_and_a_change_in_one_batch() {
    use gongdan_proto::tickets::v1::{MergeUndone, Merged, ticket_event::Change};
    let suite = Suite::at("2026-03-02T09:00").await;
    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:00");
    (ticket.state.r#type, ticket.state.sla_policy) = (TicketType::Incident.into(), "priority".into());
    ticket.state.priority = Priority::P3.into();
    let id = ticket.state.id.clone();
    let service = suite.serve().await;
    ticket.submitted(&suite, "2026-03-02T09:00").await;
    due(&suite, &service, &id, "2026-03-04T18:00").await;
    ticket.act(&suite, Change::Merged(Merged::default()), "2026-03-02T09:30").await;
    suite.clock_in(&service, &id, ClockKind::Handling, ClockState::Cancelled).await;
    let mut policies = suite.policies(&service, "admin");
    let set = pb::GetPolicySetRequest { key: "priority".into(), version: 0 };
    let set = policies.get_policy_set(set).await.unwrap().into_inner();
    let newer = pb::PolicySet { name: "newer".into(), ..set };
    let request_id = gongdan_clock::new_id(suite.clock.now()).to_string();
    let put = pb::PutPolicySetRequest { request_id, policy_set: Some(newer) };
    assert_eq!(policies.put_policy_set(put).await.unwrap().into_inner().version, 2);
    service.stop().await;
    ticket.act(&suite, Change::MergeUndone(MergeUndone::default()), "2026-03-02T10:00").await;
    ticket.state.priority = Priority::P2.into();
    ticket.dispatched(&suite, "2026-03-02T11:00").await;
    let service = suite.serve().await;
    let after = due(&suite, &service, &id, "2026-03-02T17:00").await;
    assert_eq!((after.state(), after.amount.as_str()), (ClockState::Running, "8h"));
    assert_eq!(after.policy, "priority@1", "its own version counts");
    service.stop().await;
}
