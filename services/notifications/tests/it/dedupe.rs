//! One delivery per recipient, channel and event, however often the event comes.

use gongdan_bus::{Event, to_headers};
use gongdan_proto::notifications::v1::DeliveryState;
use gongdan_testkit::PrincipalSpec;

use crate::{
    receiver::Receiver,
    suite::{Suite, request_id},
    tickets::TestTicket,
};

/// Makes the service hear an event as if it never had: past the bus's own check and the consumer's memory.
async fn again(suite: &Suite, event: &Event) {
    sqlx::query("DELETE FROM inbox_versions WHERE aggregate_id = $1")
        .bind(event.aggregate_id)
        .execute(suite.env.pool())
        .await
        .unwrap();
    let mut headers = to_headers(event, None);
    headers.insert("Nats-Msg-Id", request_id());
    let subject = format!("{}.{}", suite.env.bus().root(), event.subject);
    let sent = suite
        .env
        .bus()
        .context()
        .publish_with_headers(subject, headers, event.payload.clone())
        .await
        .unwrap();
    sent.await.unwrap();
    suite.heard(event).await;
}

#[tokio::test]
async fn an_event_that_comes_again_tells_nobody_twice() {
    let suite = Suite::start().await;
    suite.person(PrincipalSpec::new("chen").role("handler").unit("env")).await;
    let receiver = Receiver::start(&[]).await;
    suite.webhook(&receiver.url, &["tickets.dispatched"]).await;
    let event = TestTicket::new("GD1").dispatched("env", "chen");
    suite.publish(&event).await;
    suite.delivery_in(DeliveryState::Delivered).await;
    for _ in 0..3 {
        again(&suite, &event).await;
    }
    // Something that is told surely after the repetitions.
    let mut other = TestTicket::new("GD2");
    suite.publish(&other.dispatched("env", "chen")).await;
    suite.told("chen", 2).await;
    let received = receiver.receives(2).await;
    assert_eq!(received.len(), 2);
    assert_eq!(suite.items("chen").await.len(), 2);
    assert_eq!(suite.all_deliveries().await.len(), 2);
}
