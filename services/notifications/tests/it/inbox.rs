//! Who finds what in their inbox.

use gongdan_bus::Origin;
use gongdan_proto::notifications::v1::{ListInboxRequest, MarkReadRequest};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

use crate::{
    suite::Suite,
    tickets::{TestTicket, clock_event, unit_changed},
};

/// Two handlers and a leader of a unit, one who reads English; an agent; dispatchers of two cities.
async fn staffed() -> Suite {
    let suite = Suite::start().await;
    for spec in [
        PrincipalSpec::new("chen").role("handler").unit("env"),
        PrincipalSpec::new("smith").role("handler").unit("env").language("en"),
        PrincipalSpec::new("leader").role("unit_leader").unit("env"),
        PrincipalSpec::new("wang").role("handler").unit("water"),
        PrincipalSpec::new("agent.zhou").role("agent").unit("centre"),
        PrincipalSpec::new("dispatcher.gz").role("dispatcher").region("4401"),
        PrincipalSpec::new("dispatcher.sz").role("dispatcher").region("4403"),
    ] {
        suite.person(spec).await;
    }
    suite
}

#[tokio::test]
async fn members_of_the_unit_hear_of_a_dispatch_each_in_their_language() {
    let suite = staffed().await;
    let named = unit_changed("env", "天河区生态环境局");
    suite.publish(&named).await;
    suite.heard(&named).await;
    let mut ticket = TestTicket::new("GD2611220000000001");
    suite.publish(&ticket.submitted()).await;
    suite.publish(&ticket.dispatched("env", "")).await;
    for (who, title) in [
        ("chen", "新工单 GD2611220000000001 已派至天河区生态环境局"),
        ("leader", "新工单 GD2611220000000001 已派至天河区生态环境局"),
        ("smith", "Ticket GD2611220000000001 was dispatched to 天河区生态环境局"),
    ] {
        assert_eq!(suite.told(who, 1).await, ["dispatched"], "{who}");
        let item = suite.items(who).await.remove(0);
        assert_eq!(item.title, title);
        assert_eq!(item.ticket_id, ticket.id.to_string());
        assert!(!item.body.contains("扰民"), "no words of the citizen");
    }
    assert!(suite.items("wang").await.is_empty());
}

#[tokio::test]
async fn each_act_tells_whom_it_concerns() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD1");
    for event in [
        ticket.submitted(),
        ticket.dispatched("env", "chen"),
        ticket.urged(false),
        ticket.urged(true),
        ticket.transferred("water"),
        ticket.returned(),
        ticket.pooled(""),
        ticket.pooled("water"),
        ticket.dispatched("env", "chen"),
        ticket.resolved(),
        ticket.reopened(),
        ticket.cancelled(),
    ] {
        suite.publish(&event).await;
    }
    let mut other = TestTicket::new("GD2");
    for event in [other.submitted(), other.dispatched("water", "wang"), other.resolved(), other.closed()] {
        suite.publish(&event).await;
        suite.heard(&event).await;
    }
    assert_eq!(suite.told("chen", 4).await, ["dispatched", "urged", "dispatched", "reopened"]);
    assert_eq!(suite.told("smith", 1).await, ["reopened"]);
    assert_eq!(suite.told("dispatcher.gz", 2).await, ["returned", "pooled"]);
    assert!(suite.items("dispatcher.sz").await.is_empty(), "another city's");
    assert_eq!(suite.told("agent.zhou", 1).await, ["closed"]);
    let mut water = suite.told("wang", 3).await;
    water.sort();
    assert_eq!(water, ["dispatched", "pooled", "transferred"]);
}

#[tokio::test]
async fn handler_and_leader_hear_of_a_warning_and_dispatchers_of_what_nobody_holds() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD1");
    let submitted = ticket.submitted();
    suite.publish(&submitted).await;
    suite.heard(&submitted).await;
    suite.publish(&clock_event(&ticket, "env", "chen", Some(80), Origin::Live)).await;
    suite.publish(&clock_event(&ticket, "water", "", None, Origin::Live)).await;
    suite.publish(&clock_event(&ticket, "", "", None, Origin::Live)).await;
    assert_eq!(suite.told("chen", 1).await, ["warned"]);
    assert_eq!(suite.told("leader", 1).await, ["warned"]);
    assert_eq!(suite.told("wang", 1).await, ["breached"], "a unit without a leader hears of it as a whole");
    assert_eq!(suite.told("dispatcher.gz", 1).await, ["breached"]);
    assert!(suite.items("smith").await.is_empty());
    let item = suite.items("chen").await.remove(0);
    assert_eq!(item.title, "工单 GD1 办理时限预警:已用 80%");
    assert!(item.body.contains("2026-12-11 18:00"), "in the time of the people: {}", item.body);
}

#[tokio::test]
async fn what_was_read_is_no_longer_unread_and_pages_go_on_where_they_ended() {
    let suite = staffed().await;
    for n in 1..=5 {
        let mut ticket = TestTicket::new(&format!("GD{n}"));
        let event = ticket.dispatched("env", "chen");
        suite.publish(&event).await;
        suite.heard(&event).await;
    }
    suite.told("chen", 5).await;
    let mut inbox = suite.inbox("chen");
    let first = ListInboxRequest { page_size: 2, ..ListInboxRequest::default() };
    let first = inbox.list_inbox(first).await.unwrap().into_inner();
    assert_eq!((first.unread, numbers(&first.items)), (5, vec!["GD5", "GD4"]));
    let next = ListInboxRequest { page_size: 3, page_token: first.next_page_token, unread_only: false };
    let next = inbox.list_inbox(next).await.unwrap().into_inner();
    assert_eq!((next.next_page_token.as_str(), numbers(&next.items)), ("", vec!["GD3", "GD2", "GD1"]));

    let ids = vec![first.items[0].id.clone(), first.items[1].id.clone(), crate::suite::request_id()];
    let read = MarkReadRequest { ids, all: false };
    let marked = inbox.mark_read(read.clone()).await.unwrap().into_inner();
    assert_eq!((marked.marked, marked.unread), (2, 3));
    assert_eq!(inbox.mark_read(read).await.unwrap().into_inner().marked, 0, "twice is once");
    let unread = ListInboxRequest { unread_only: true, ..ListInboxRequest::default() };
    let left = inbox.list_inbox(unread.clone()).await.unwrap().into_inner();
    assert_eq!(numbers(&left.items), ["GD3", "GD2", "GD1"]);
    let all = MarkReadRequest { ids: Vec::new(), all: true };
    assert_eq!(inbox.mark_read(all).await.unwrap().into_inner().unread, 0);
    assert!(inbox.list_inbox(unread).await.unwrap().into_inner().items.is_empty());
}

fn numbers(items: &[gongdan_proto::notifications::v1::InboxItem]) -> Vec<&str> {
    items.iter().map(|item| item.ticket_number.as_str()).collect()
}

#[tokio::test]
async fn nobody_reads_or_marks_what_is_another_s() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.dispatched("env", "chen")).await;
    suite.told("chen", 1).await;
    let id = suite.items("chen").await[0].id.clone();
    let stolen = MarkReadRequest { ids: vec![id], all: false };
    assert_eq!(suite.inbox("wang").mark_read(stolen).await.unwrap().into_inner().marked, 0);
    assert!(suite.items("wang").await.is_empty());
    assert!(suite.items("chen").await[0].read_at.is_none());
    let stranger = suite.inbox("nobody").list_inbox(ListInboxRequest::default()).await.unwrap_err();
    assert_eq!(stranger.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn what_was_told_survives_a_restart() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.dispatched("env", "chen")).await;
    suite.told("chen", 1).await;
    let suite = suite.restarted().await;
    suite.publish(&ticket.urged(true)).await;
    assert_eq!(suite.told("chen", 2).await, ["dispatched", "urged"]);
}
