//! T14, T16, T17: who is told of help, pauses and later deadlines.

use gongdan_proto::{
    common::v1::ActorRef,
    tickets::v1::{
        Assist, AssistReplied, AssistRequested, Extension, ExtensionApproved, ExtensionRequested, Resumed,
        Suspended, Suspension, ticket_event::Change,
    },
    to_timestamp,
};
use gongdan_testkit::PrincipalSpec;

use crate::{suite::Suite, tickets::TestTicket};

fn chen() -> Option<ActorRef> {
    Some(ActorRef { id: "chen".to_owned(), name: "陈".to_owned(), ..ActorRef::default() })
}

fn at(text: &str) -> Option<prost_types::Timestamp> {
    Some(to_timestamp(text.parse().unwrap()))
}

#[tokio::test]
async fn who_decides_hears_of_a_request_and_who_asked_of_the_answer() {
    let suite = Suite::start().await;
    for spec in [
        PrincipalSpec::new("chen").role("handler").unit("env"),
        PrincipalSpec::new("leader").role("unit_leader").unit("env"),
        PrincipalSpec::new("wang").role("handler").unit("water"),
        PrincipalSpec::new("dispatcher.gz").role("dispatcher").region("4401"),
    ] {
        suite.person(spec).await;
    }
    let mut ticket = TestTicket::new("GD2611220000000001");
    suite.publish(&ticket.submitted()).await;
    suite.publish(&ticket.dispatched("env", "chen")).await;
    ticket.state.extensions =
        vec![Extension { id: "e".to_owned(), requested_by: chen(), ..Extension::default() }];
    ticket.state.suspensions = vec![Suspension {
        id: "s".to_owned(),
        requested_by: chen(),
        decided_by: chen(),
        ..Suspension::default()
    }];
    ticket.state.assists = vec![Assist { id: "a".to_owned(), requested_by: chen(), ..Assist::default() }];
    let asked = ExtensionRequested {
        extension_id: "e".to_owned(),
        requested_until: at("2026-12-11T10:00:00Z"),
        reason: "电话13800001234".to_owned(),
        ..ExtensionRequested::default()
    };
    suite.publish(&ticket.act("extension_requested", Change::ExtensionRequested(asked))).await;
    let granted = ExtensionApproved {
        extension_id: "e".to_owned(),
        approved_until: at("2026-12-11T10:00:00Z"),
        ..ExtensionApproved::default()
    };
    suite.publish(&ticket.act("extension_approved", Change::ExtensionApproved(granted))).await;
    let helping = AssistRequested {
        assist_id: "a".to_owned(),
        unit_id: "water".to_owned(),
        due_at: at("2026-12-01T10:00:00Z"),
        ..AssistRequested::default()
    };
    suite.publish(&ticket.act("assist_requested", Change::AssistRequested(helping))).await;
    let replied =
        AssistReplied { assist_id: "a".to_owned(), unit_id: "water".to_owned(), ..AssistReplied::default() };
    suite.publish(&ticket.act("assist_replied", Change::AssistReplied(replied))).await;
    let suspended = Suspended { suspension_id: "s".to_owned(), ..Suspended::default() };
    suite.publish(&ticket.act("suspended", Change::Suspended(suspended))).await;
    let resumed = Resumed { suspension_id: "s".to_owned(), by_itself: true, ..Resumed::default() };
    suite.publish(&ticket.act("resumed", Change::Resumed(resumed))).await;

    let mut told = suite.told("chen", 5).await;
    told.sort();
    assert_eq!(told, ["assist_replied", "dispatched", "extension_approved", "resumed", "suspended"]);
    assert_eq!(suite.told("leader", 1).await, ["extension_requested"]);
    assert_eq!(suite.told("wang", 1).await, ["assist_requested"]);
    assert!(suite.items("dispatcher.gz").await.is_empty(), "the unit has a leader");
    let item = suite.items("leader").await.remove(0);
    assert!(item.body.contains("2026-12-11 18:00"), "{}", item.body);
    assert!(!item.body.contains("1380000"), "no words of anybody");
    assert!(suite.items("wang").await.remove(0).body.contains("2026-12-01 18:00"));
}
