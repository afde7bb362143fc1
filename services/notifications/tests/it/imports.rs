//! Imports tell nobody anything.

use gongdan_bus::Origin;
use gongdan_testkit::PrincipalSpec;

use crate::{
    receiver::Receiver,
    suite::Suite,
    tickets::{TestTicket, clock_event},
};

#[tokio::test]
async fn imports_reach_neither_inbox_nor_webhook() {
    let suite = Suite::start().await;
    suite.person(PrincipalSpec::new("chen").role("handler").unit("env")).await;
    suite.person(PrincipalSpec::new("agent.zhou").role("agent")).await;
    let receiver = Receiver::start(&[]).await;
    suite.webhook(&receiver.url, &["*"]).await;

    let mut past = TestTicket::imported("GD-past");
    for event in [past.submitted(), past.dispatched("env", "chen"), past.resolved(), past.closed()] {
        suite.publish(&event).await;
        suite.heard(&event).await;
    }
    let breached = clock_event(&past, "env", "chen", None, Origin::Import);
    suite.publish(&breached).await;
    suite.heard(&breached).await;

    let mut live = TestTicket::new("GD-live");
    suite.publish(&live.dispatched("env", "chen")).await;
    assert_eq!(suite.told("chen", 1).await, ["dispatched"]);
    assert_eq!(suite.items("chen").await[0].ticket_number, "GD-live");
    assert!(suite.items("agent.zhou").await.is_empty());
    let received = receiver.receives(1).await;
    assert_eq!(received[0].json()["data"]["ticket_number"], "GD-live");
    assert_eq!(suite.all_deliveries().await.len(), 1);
}
