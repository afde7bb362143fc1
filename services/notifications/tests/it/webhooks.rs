//! Webhooks: what endpoints receive, and what happens when they do not take it.

use gongdan_notifications::Config;
use gongdan_proto::notifications::v1::{
    CreateWebhookRequest, DeleteWebhookRequest, DeliveryState, ListDeliveriesRequest, ListWebhooksRequest,
    ResendDeliveryRequest, RotateWebhookSecretRequest,
};
use jiff::SignedDuration;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{
    receiver::Receiver,
    suite::{Suite, now, request_id},
    tickets::TestTicket,
};

#[tokio::test]
async fn an_endpoint_that_fails_twice_gets_the_same_signed_message_a_third_time() {
    let suite = Suite::start().await;
    let receiver = Receiver::start(&[500, 503]).await;
    let webhook = suite.webhook(&receiver.url, &["tickets.submitted"]).await;
    assert!(webhook.secret.starts_with("whsec_"));
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.submitted()).await;
    let delivery = suite.delivery_in(DeliveryState::Delivered).await;

    let received = receiver.received();
    assert_eq!(received.len(), 3);
    for attempt in &received {
        assert_eq!(attempt.path, "/hooks");
        assert_eq!(attempt.id(), delivery.id, "the same id for every attempt");
        assert_eq!(attempt.body, received[0].body);
        assert_eq!(attempt.signed_by(&webhook.secret), 1, "{attempt:?}");
        let at: i64 = attempt.headers["webhook-timestamp"].parse().unwrap();
        assert!((now().as_second() - at).abs() < 60);
        assert_eq!(attempt.headers["content-type"], "application/json");
    }
    let told = received[0].json();
    assert_eq!(told["type"], "tickets.submitted");
    assert!(told["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(told["data"]["ticket_id"], ticket.id.to_string());
    assert_eq!(told["data"]["phase"], "pending_dispatch");
    assert_eq!(told["data"]["ticket_type"], "complaint");
    assert_eq!(told["data"]["region"], "440106000000");
    assert!(!received[0].body.contains("扰民"), "no words of the citizen");

    let codes: Vec<_> = delivery.attempt_log.iter().map(|a| (a.number, a.code, a.succeeded)).collect();
    assert_eq!(codes, [(1, 500, false), (2, 503, false), (3, 204, true)]);
    assert_eq!((delivery.attempts, delivery.recipient.as_str()), (3, webhook.id.as_str()));
    assert!(delivery.delivered_at.is_some() && delivery.next_attempt_at.is_none());
}

#[tokio::test]
async fn what_was_given_up_is_listed_and_can_be_resent() {
    let suite = Suite::start().await;
    let receiver = Receiver::start(&[500, 500, 500, 500]).await;
    suite.webhook(&receiver.url, &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    let dead = suite.delivery_in(DeliveryState::Dead).await;
    assert_eq!(dead.attempts, 4);
    let only_dead =
        ListDeliveriesRequest { state: DeliveryState::Dead.into(), ..ListDeliveriesRequest::default() };
    assert_eq!(suite.deliveries().list_deliveries(only_dead).await.unwrap().into_inner().deliveries.len(), 1);

    let resend = ResendDeliveryRequest { id: dead.id.clone() };
    let resent = suite.deliveries().resend_delivery(resend.clone()).await.unwrap().into_inner();
    assert_eq!(resent.state(), DeliveryState::Pending);
    let delivered = suite.delivery_in(DeliveryState::Delivered).await;
    assert_eq!((delivered.attempts, delivered.attempt_log.len()), (5, 5), "the log goes on");
    let refused = suite.deliveries().resend_delivery(resend).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "DELIVERY_DONE");
    let nowhere = ResendDeliveryRequest { id: request_id() };
    assert_eq!(suite.deliveries().resend_delivery(nowhere).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_nothing_more() {
    let suite = Suite::start().await;
    let receiver = Receiver::start(&[410]).await;
    let webhook = suite.webhook(&receiver.url, &["*"]).await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.submitted()).await;
    suite.delivery_in(DeliveryState::Dead).await;
    gongdan_testkit::eventually("the endpoint is disabled", async || {
        let list =
            suite.webhooks("admin").list_webhooks(ListWebhooksRequest::default()).await.unwrap().into_inner();
        list.webhooks.iter().any(|w| w.id == webhook.id && !w.enabled)
    })
    .await;
    let next = ticket.dispatched("env", "");
    suite.publish(&next).await;
    suite.heard(&next).await;
    assert_eq!((suite.all_deliveries().await.len(), receiver.received().len()), (1, 1));
}

#[tokio::test]
async fn endpoints_hear_only_what_they_asked_for() {
    let suite = Suite::start().await;
    let (closed, all) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    suite.webhook(&closed.url, &["tickets.closed", "sla.*"]).await;
    suite.webhook(&all.url, &["tickets.*"]).await;
    let mut ticket = TestTicket::new("GD1");
    for event in [ticket.submitted(), ticket.dispatched("env", ""), ticket.resolved(), ticket.closed()] {
        suite.publish(&event).await;
    }
    let types = |received: Vec<crate::receiver::Received>| {
        let mut types: Vec<_> =
            received.iter().map(|r| r.json()["type"].as_str().unwrap().to_owned()).collect();
        types.sort();
        types
    };
    assert_eq!(
        types(all.receives(4).await),
        ["tickets.closed", "tickets.dispatched", "tickets.resolved", "tickets.submitted"]
    );
    assert_eq!(types(closed.receives(1).await), ["tickets.closed"]);
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign() {
    let suite = Suite::start().await;
    let receiver = Receiver::start(&[]).await;
    let old = suite.webhook(&receiver.url, &["*"]).await;
    let request =
        RotateWebhookSecretRequest { request_id: request_id(), id: old.id.clone(), etag: old.etag.clone() };
    let new = suite.webhooks("admin").rotate_webhook_secret(request.clone()).await.unwrap().into_inner();
    assert_ne!(new.secret, old.secret);
    let again = suite.webhooks("admin").rotate_webhook_secret(request).await.unwrap().into_inner();
    assert_eq!(again.secret, new.secret, "a retry is answered as the first time");
    let stale =
        RotateWebhookSecretRequest { request_id: request_id(), id: old.id.clone(), etag: old.etag.clone() };
    assert_eq!(suite.webhooks("admin").rotate_webhook_secret(stale).await.unwrap_err().code(), Code::Aborted);
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    let received = receiver.receives(1).await.remove(0);
    assert_eq!((received.signed_by(&old.secret), received.signed_by(&new.secret)), (1, 1));
}

#[tokio::test]
async fn the_secret_is_shown_once_and_a_retry_registers_nothing_more() {
    let suite = Suite::start().await;
    let request = CreateWebhookRequest {
        request_id: request_id(),
        url: "https://hooks.example.org/in".to_owned(),
        event_types: vec!["*".to_owned()],
        description: String::new(),
    };
    let mut client = suite.webhooks("admin");
    let first = client.create_webhook(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.create_webhook(request.clone()).await.unwrap().into_inner(), first);
    let other = CreateWebhookRequest { url: "https://hooks.example.org/out".to_owned(), ..request };
    let refused = client.create_webhook(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    let list = client.list_webhooks(ListWebhooksRequest::default()).await.unwrap().into_inner().webhooks;
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].id.as_str(), list[0].secret.as_str()), (first.id.as_str(), ""));
}

#[tokio::test]
async fn a_removed_endpoint_hears_nothing_of_what_waited() {
    let suite = Suite::with(patient).await;
    let receiver = Receiver::start(&[500]).await;
    let webhook = suite.webhook(&receiver.url, &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    gongdan_testkit::eventually("the first attempt is logged", async || {
        suite.all_deliveries().await.iter().any(|d| d.attempt_log.len() == 1)
    })
    .await;
    let request = DeleteWebhookRequest { request_id: request_id(), id: webhook.id, etag: webhook.etag };
    suite.webhooks("admin").delete_webhook(request.clone()).await.unwrap();
    suite.webhooks("admin").delete_webhook(request.clone()).await.expect("twice with one request_id is once");
    assert_eq!(suite.delivery_in(DeliveryState::Dropped).await.attempts, 1);
    let unknown = DeleteWebhookRequest { request_id: request_id(), ..request };
    let refused = suite.webhooks("admin").delete_webhook(unknown).await.unwrap_err();
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "WEBHOOK_NOT_FOUND");
}

#[tokio::test]
async fn a_delivery_whose_process_died_is_sent_by_the_next() {
    let suite = Suite::with(patient).await;
    let receiver = Receiver::start(&[500]).await;
    suite.webhook(&receiver.url, &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    gongdan_testkit::eventually("the first attempt is logged", async || {
        suite.all_deliveries().await.iter().any(|d| d.attempt_log.len() == 1)
    })
    .await;
    // As a process leaves it that died while sending, some minutes ago.
    sqlx::query(
        "UPDATE deliveries SET attempts = attempts + 1, next_attempt_at = now() - interval '1 minute'",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    let suite = suite.restarted().await;
    let delivered = suite.delivery_in(DeliveryState::Delivered).await;
    assert_eq!(delivered.attempts, 3);
    assert_eq!(receiver.received().len(), 2);
}

/// What failed is not tried again while the test runs.
fn patient(config: &mut Config) {
    config.delivery.first_retry = SignedDuration::from_hours(1);
    config.delivery.longest_retry = SignedDuration::from_hours(1);
}

#[tokio::test]
async fn a_request_id_is_good_for_one_endpoint_and_a_stale_etag_for_none() {
    let suite = Suite::start().await;
    let one = suite.webhook("https://hooks.example.org/1", &["*"]).await;
    let two = suite.webhook("https://hooks.example.org/2", &["*"]).await;
    let mut client = suite.webhooks("admin");
    let rotate =
        RotateWebhookSecretRequest { request_id: request_id(), id: one.id.clone(), etag: one.etag.clone() };
    client.rotate_webhook_secret(rotate.clone()).await.unwrap();
    let reused = RotateWebhookSecretRequest { id: two.id.clone(), etag: two.etag.clone(), ..rotate };
    assert_eq!(client.rotate_webhook_secret(reused).await.unwrap_err().code(), Code::AlreadyExists);
    let stale = DeleteWebhookRequest { request_id: request_id(), id: one.id.clone(), etag: one.etag };
    assert_eq!(client.delete_webhook(stale).await.unwrap_err().code(), Code::Aborted);
    let delete = DeleteWebhookRequest { request_id: request_id(), id: one.id, etag: String::new() };
    client.delete_webhook(delete.clone()).await.unwrap();
    let reused = DeleteWebhookRequest { id: two.id.clone(), ..delete };
    assert_eq!(client.delete_webhook(reused).await.unwrap_err().code(), Code::AlreadyExists);
    let left = client.list_webhooks(ListWebhooksRequest::default()).await.unwrap().into_inner().webhooks;
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].id, &left[0].etag), (&two.id, &two.etag), "nothing was written");
}
