//! Of a sensitive ticket only those are told whose rights cover it.

use gongdan_bus::Origin;
use gongdan_notifications::{Config, EmailTls};
use gongdan_proto::notifications::v1::{
    CreateWebhookRequest, DeliveryState, ListInboxRequest, MarkReadRequest, ResendDeliveryRequest,
};
use gongdan_testkit::{PrincipalSpec, eventually_some};
use jiff::SignedDuration;

use crate::{
    receiver::Receiver,
    smtp::Smtp,
    suite::{Suite, request_id},
    tickets::{TestTicket, clock_event},
};

fn handler(id: &str) -> PrincipalSpec {
    PrincipalSpec::new(id).role("handler").unit("env").email(&format!("{id}@example.org"))
}

/// Of unit `env`: chen and wu without the right, xu with it.
async fn staffed(adjust: impl FnOnce(&mut Config)) -> Suite {
    let suite = Suite::with(adjust).await;
    for spec in [handler("chen"), handler("wu"), handler("xu").right("sensitive")] {
        suite.person(spec).await;
    }
    suite
}

fn mail_to(port: u16) -> impl FnOnce(&mut Config) {
    move |config| {
        config.email.enabled = true;
        config.email.port = port;
        config.email.tls = EmailTls::None;
        // No second attempt that is not asked for.
        config.delivery.first_retry = SignedDuration::from_hours(1);
        config.delivery.longest_retry = SignedDuration::from_hours(1);
    }
}

fn sensitive(number: &str) -> TestTicket {
    let mut ticket = TestTicket::new(number);
    ticket.state.sensitive = true;
    ticket
}

/// Registers an endpoint as somebody.
async fn endpoint(suite: &Suite, by: &str, url: &str) {
    let request = CreateWebhookRequest {
        request_id: request_id(),
        url: url.to_owned(),
        event_types: vec!["*".to_owned()],
        description: String::new(),
    };
    suite.webhooks(by).create_webhook(request).await.unwrap();
}

#[tokio::test]
async fn members_without_the_right_hear_nothing_in_the_inbox_or_by_mail() {
    let smtp = Smtp::start(&[]).await;
    let suite = staffed(mail_to(smtp.port)).await;
    let mut ticket = sensitive("GD-secret");
    let dispatched = ticket.dispatched("env", "");
    suite.publish(&dispatched).await;
    suite.heard(&dispatched).await;
    suite.publish(&clock_event(&ticket, "env", "", Some(80), Origin::Live)).await;
    assert_eq!(suite.told("xu", 2).await, ["dispatched", "warned"]);
    // What is open is told to all, after what is not.
    suite.publish(&TestTicket::new("GD-open").dispatched("env", "")).await;
    for blind in ["chen", "wu"] {
        suite.told(blind, 1).await;
        let numbers: Vec<_> = suite.items(blind).await.into_iter().map(|item| item.ticket_number).collect();
        assert_eq!(numbers, ["GD-open"], "{blind}");
    }
    let mut to: Vec<_> = smtp.receives(5).await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    let rcpt = |id: &str| format!("RCPT TO:<{id}@example.org>");
    assert_eq!(to, [rcpt("chen"), rcpt("wu"), rcpt("xu"), rcpt("xu"), rcpt("xu")]);
}

#[tokio::test]
async fn what_a_clock_says_of_an_unknown_ticket_counts_as_sensitive() {
    let suite = staffed(|_| ()).await;
    let breached = clock_event(&TestTicket::new("GD1"), "env", "chen", None, Origin::Live);
    suite.publish(&breached).await;
    suite.heard(&breached).await;
    assert_eq!(suite.told("xu", 1).await, ["breached"]);
    assert!(suite.items("chen").await.is_empty());
}

#[tokio::test]
async fn what_stands_unread_when_a_ticket_is_marked_is_taken_back() {
    let suite = staffed(|_| ()).await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.pooled("env")).await;
    for who in ["chen", "wu", "xu"] {
        assert_eq!(suite.told(who, 1).await, ["pooled"]);
    }
    let read = MarkReadRequest { all: true, ..MarkReadRequest::default() };
    suite.inbox("wu").mark_read(read).await.unwrap();

    ticket.state.sensitive = true;
    let marked = ticket.dispatched("env", "");
    suite.publish(&marked).await;
    suite.heard(&marked).await;
    assert_eq!(suite.told("xu", 2).await, ["pooled", "dispatched"]);
    let inbox = suite.inbox("chen").list_inbox(ListInboxRequest::default()).await.unwrap().into_inner();
    assert_eq!((inbox.items.len(), inbox.unread), (0, 0));
    assert_eq!(suite.told("wu", 1).await, ["pooled"], "what was read was told");
}

#[tokio::test]
async fn a_mail_that_was_not_sent_when_a_ticket_is_marked_is_dropped() {
    let smtp = Smtp::start(&["451 try again"]).await;
    let suite = Suite::with(mail_to(smtp.port)).await;
    suite.person(handler("chen")).await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.pooled("env")).await;
    let waiting = eventually_some("it was tried", async || {
        suite.all_deliveries().await.into_iter().find(|delivery| delivery.attempt_log.len() == 1)
    })
    .await;
    ticket.state.sensitive = true;
    let marked = ticket.dispatched("env", "");
    suite.publish(&marked).await;
    suite.heard(&marked).await;
    suite.deliveries().resend_delivery(ResendDeliveryRequest { id: waiting.id }).await.unwrap();
    let dropped = suite.delivery_in(DeliveryState::Dropped).await;
    assert!(dropped.attempt_log[1].error.contains("sensitive"), "{dropped:?}");
    assert_eq!(smtp.mails().len(), 1);
}

#[tokio::test]
async fn an_endpoint_is_told_what_who_registered_it_may_see() {
    let suite = staffed(|_| ()).await;
    suite.person(PrincipalSpec::new("chief").role("administrator")).await;
    let (cleared, blind) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    endpoint(&suite, "admin", &cleared.url).await;
    endpoint(&suite, "chief", &blind.url).await;
    suite.publish(&sensitive("GD-secret").submitted()).await;
    cleared.receives(1).await;
    suite.publish(&TestTicket::new("GD-open").submitted()).await;
    let numbers = |received: Vec<crate::receiver::Received>| {
        let number = |r: &crate::receiver::Received| r.json()["data"]["ticket_number"].clone();
        received.iter().map(number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(cleared.receives(2).await), ["GD-secret", "GD-open"]);
    assert_eq!(numbers(blind.receives(1).await), ["GD-open"]);
    assert_eq!(suite.all_deliveries().await.len(), 3);
}

#[tokio::test]
async fn a_webhook_that_was_not_sent_when_a_ticket_is_marked_is_dropped() {
    let receiver = Receiver::start(&[503]).await;
    let suite = Suite::with(|config| {
        config.delivery.first_retry = SignedDuration::from_hours(1);
        config.delivery.longest_retry = SignedDuration::from_hours(1);
    })
    .await;
    suite.person(PrincipalSpec::new("chief").role("administrator")).await;
    endpoint(&suite, "chief", &receiver.url).await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.submitted()).await;
    let waiting = eventually_some("it was tried", async || {
        suite.all_deliveries().await.into_iter().find(|delivery| delivery.attempt_log.len() == 1)
    })
    .await;
    ticket.state.sensitive = true;
    let marked = ticket.dispatched("env", "");
    suite.publish(&marked).await;
    suite.heard(&marked).await;
    suite.deliveries().resend_delivery(ResendDeliveryRequest { id: waiting.id }).await.unwrap();
    suite.delivery_in(DeliveryState::Dropped).await;
    assert_eq!(receiver.received().len(), 1);
}
