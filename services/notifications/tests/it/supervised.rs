//! Whom climbing and supervision tell. Source: T13, T22, T23, T24, T34, T38.

use gongdan_proto::routing::v1::UnitKind;
use gongdan_testkit::PrincipalSpec;

use crate::{
    suite::Suite,
    tickets::{TestTicket, announced, schedule_reminded, unit_below},
};

/// A handler and a leader of a unit, leaders of the bureau above it and of the centre, supervisors and dispatchers of two
/// cities.
async fn staffed() -> Suite {
    let suite = Suite::start().await;
    for spec in [
        PrincipalSpec::new("chen").role("handler").unit("env"),
        PrincipalSpec::new("leader").role("unit_leader").unit("env"),
        PrincipalSpec::new("bureau.head").role("unit_leader").unit("bureau"),
        PrincipalSpec::new("bureau.clerk").role("handler").unit("bureau"),
        PrincipalSpec::new("centre.head").role("unit_leader").unit("centre"),
        PrincipalSpec::new("agent.zhou").role("agent").unit("centre"),
        PrincipalSpec::new("sun.gz").role("supervisor").region("4401"),
        PrincipalSpec::new("sun.sz").role("supervisor").region("4403"),
        PrincipalSpec::new("dispatcher.gz").role("dispatcher").region("4401"),
        PrincipalSpec::new("dispatcher.sz").role("dispatcher").region("4403"),
    ] {
        suite.person(spec).await;
    }
    for event in [
        unit_below("centre", "热线中心", "", UnitKind::Centre),
        unit_below("bureau", "市生态环境局", "centre", UnitKind::Unit),
        unit_below("env", "天河区生态环境局", "bureau", UnitKind::Unit),
    ] {
        suite.publish(&event).await;
        suite.heard(&event).await;
    }
    suite
}

impl Suite {
    /// Everybody's inbox by kind, once the last event was heard.
    async fn all_told(&self, last: &gongdan_bus::Event) -> Vec<(&'static str, Vec<String>)> {
        self.heard(last).await;
        let mut told = Vec::new();
        for who in [
            "agent.zhou",
            "bureau.clerk",
            "bureau.head",
            "centre.head",
            "chen",
            "dispatcher.gz",
            "dispatcher.sz",
            "leader",
            "sun.gz",
            "sun.sz",
        ] {
            let kinds: Vec<_> = self.items(who).await.into_iter().map(|item| item.kind).collect();
            if !kinds.is_empty() {
                told.push((who, kinds));
            }
        }
        told
    }
}

fn times(kind: &str, n: usize) -> Vec<String> {
    vec![kind.to_owned(); n]
}

#[tokio::test]
async fn t22_an_urge_tells_the_handler_then_the_leader_then_the_supervisor() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD1");
    for event in
        [ticket.submitted(), ticket.dispatched("env", "chen"), ticket.urged_at(1), ticket.urged_at(2)]
    {
        suite.publish(&event).await;
    }
    let last = ticket.urged_at(3);
    suite.publish(&last).await;
    assert_eq!(
        suite.all_told(&last).await,
        [
            ("chen", vec!["dispatched".to_owned(), "urged".to_owned()]),
            ("leader", times("urged", 1)),
            ("sun.gz", times("urged", 1)),
        ]
    );
    assert_eq!(suite.items("leader").await[0].title, "工单 GD1 被催办(第二次,报单位负责人)");
}

#[tokio::test]
async fn t23_lateness_tells_the_leader_then_the_unit_above_then_the_centre() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD2");
    for event in [
        ticket.submitted(),
        ticket.directed("env", "sun.gz"),
        ticket.directive_late(1),
        ticket.directive_late(2),
        ticket.directive_late(3),
        ticket.directive_replied("chen"),
    ] {
        suite.publish(&event).await;
    }
    let last = ticket.directive_rejected();
    suite.publish(&last).await;
    assert_eq!(
        suite.all_told(&last).await,
        [
            ("bureau.head", times("directive_late", 1)),
            ("centre.head", times("directive_late", 1)),
            ("chen", times("directive_rejected", 1)),
            (
                "leader",
                ["directive_issued", "directive_late", "directive_rejected"].map(ToOwned::to_owned).to_vec()
            ),
            ("sun.gz", [times("directive_late", 3), times("directive_replied", 1)].concat()),
        ]
    );
    let issued = suite.items("leader").await.remove(0);
    assert_eq!(issued.title, "【督办】工单 GD2 被督办");
    assert!(issued.body.contains("天河区生态环境局应于 2026-12-11 18:00 前书面回复"), "{}", issued.body);
    assert!(!issued.body.contains("三日内"), "no free text");
}

#[tokio::test]
async fn t24_t34_a_reminder_and_a_circulation_are_told_inside_and_to_no_webhook() {
    let suite = staffed().await;
    suite.webhook("http://127.0.0.1:9/", &["*"]).await;
    let mut ticket = TestTicket::new("GD3");
    ticket.state.lead_unit_id = "env".to_owned();
    for event in [ticket.reminded("agent.zhou"), ticket.circulated("env", &[])] {
        suite.publish(&event).await;
    }
    let last = ticket.circulated("env", &["leader"]);
    suite.publish(&last).await;
    assert_eq!(
        suite.all_told(&last).await,
        [("agent.zhou", times("reminded", 1)), ("leader", times("circulated", 2))],
        "who shows it is not told"
    );
    assert!(suite.all_deliveries().await.is_empty());
}

#[tokio::test]
async fn t38_an_emergency_tells_leader_and_dispatchers_at_once_and_t13_the_next_tier_is_told() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD4");
    for event in [ticket.submitted(), ticket.escalated("env")] {
        suite.publish(&event).await;
    }
    let last = ticket.handed_off();
    suite.publish(&last).await;
    assert_eq!(
        suite.all_told(&last).await,
        [
            ("chen", times("escalated", 1)),
            ("dispatcher.gz", times("handed_off", 1)),
            ("leader", vec!["escalated".to_owned(), "handed_off".to_owned()]),
        ]
    );
    assert_eq!(suite.items("dispatcher.gz").await[0].title, "【紧急】工单 GD4 已移交 119");
}

#[tokio::test]
async fn t34_an_announcement_reaches_the_members_of_its_unit_and_nobody_else() {
    let suite = staffed().await;
    let receiver = crate::receiver::Receiver::start(&[]).await;
    suite.webhook(&receiver.url, &["*"]).await;
    let event = announced("env", "leader");
    suite.publish(&event).await;
    // The same again, as another message.
    suite.publish(&gongdan_bus::Event { id: crate::suite::id(), ..event.clone() }).await;
    assert_eq!(suite.all_told(&event).await, [("chen", times("announced", 1))], "not who announces it");
    let item = suite.items("chen").await.remove(0);
    assert_eq!((item.ticket_id.as_str(), item.ticket_number.as_str()), ("", ""), "it is about no ticket");
    assert_eq!(item.title, "天河区生态环境局有新公告");
    // Another unit's, and the unit above: each its own.
    let above = announced("bureau", "sun.gz");
    suite.publish(&above).await;
    let told = suite.all_told(&above).await;
    let expected =
        [("bureau.clerk", 1), ("bureau.head", 1), ("chen", 1)].map(|(who, n)| (who, times("announced", n)));
    assert_eq!(told, expected);
    // No system outside is told: what it would be told next is the first that it is told.
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.dispatched("env", "chen")).await;
    let received = receiver.receives(1).await;
    assert_eq!(received[0].json()["type"], "tickets.dispatched");
}

#[tokio::test]
async fn s10_recurring_work_reminds_those_whom_its_schedule_names() {
    let suite = staffed().await;
    let event = schedule_reminded("env", &[], "报送 2026-11 月报");
    suite.publish(&event).await;
    suite.publish(&gongdan_bus::Event { id: crate::suite::id(), ..event.clone() }).await;
    let expected = ["chen", "leader"].map(|who| (who, times("schedule_reminded", 1)));
    assert_eq!(suite.all_told(&event).await, expected);
    let item = suite.items("chen").await.remove(0);
    assert_eq!((item.title.as_str(), item.body.as_str()), ("定时提醒:月报", "报送 2026-11 月报"));
    assert_eq!((item.ticket_id.as_str(), item.ticket_number.as_str()), ("", ""), "it is about no ticket");
    let event = schedule_reminded("", &["sun.gz", "nobody"], "巡检");
    suite.publish(&event).await;
    let told = suite.all_told(&event).await;
    assert!(told.contains(&("sun.gz", times("schedule_reminded", 1))), "{told:?}");
}
