//! Where webhooks may lead, and where they may not, whatever names and answers say.

use std::{sync::Arc, time::Duration};

use gongdan_notifications::{Config, SystemNames};
use gongdan_proto::notifications::v1::{CreateWebhookRequest, DeliveryState};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    names::Zone,
    receiver::Receiver,
    suite::{Suite, request_id},
    tickets::TestTicket,
};

const PUBLIC: &str = "93.184.216.34";
const LOOPBACK: &str = "127.0.0.1";

fn public_only(config: &mut Config) {
    config.webhooks.allow_networks.clear();
}

/// The receiver's URL under a name.
fn named(receiver: &Receiver, name: &str) -> String {
    receiver.url.replace(LOOPBACK, name)
}

async fn refusal(suite: &Suite, url: &str) -> Status {
    let request = CreateWebhookRequest {
        request_id: request_id(),
        url: url.to_owned(),
        event_types: vec!["*".to_owned()],
        description: String::new(),
    };
    suite.webhooks("admin").create_webhook(request).await.expect_err(url)
}

#[tokio::test]
async fn an_endpoint_that_leads_inside_is_refused_by_field_and_rule() {
    let zone = Zone::default()
        .with("inside.example.org", &[&["10.0.0.7"]])
        .with("six.example.org", &[&["::ffff:10.0.0.7", "fd00::7"]]);
    let suite = Suite::resolving(Arc::new(zone), public_only).await;
    for (url, rule) in [
        ("http://127.0.0.1:9/hook", "127.0.0.0/8 (this machine)"),
        ("http://169.254.169.254/latest/", "(the cloud's metadata)"),
        ("http://[fd00:ec2::254]/latest/", "(the cloud's metadata)"),
        ("http://inside.example.org/hook", "a name that leads to"),
        ("http://inside.example.org/hook", "10.0.0.0/8 (a private network)"),
        ("http://six.example.org/hook", "a name that leads to"),
        ("http://localhost/hook", "a name of the public internet"),
        ("https://me:secret@hooks.example.org/", "without user and password"),
    ] {
        let refused = refusal(&suite, url).await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{url}");
        let details = refused.get_error_details();
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(violation.field, "url");
        assert!(violation.description.contains(rule), "{url}: {}", violation.description);
        assert!(!format!("{refused:?}").contains("secret"), "what was refused is not repeated");
    }
}

#[tokio::test]
async fn plain_http_needs_to_be_allowed() {
    let suite = Suite::with(|config| config.webhooks.allow_http = false).await;
    let refused = refusal(&suite, "http://hooks.example.org/").await;
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().starts_with("url: https://"), "{}", refused.message());
}

/// The name is public when the endpoint is registered, and this machine when something is sent.
#[tokio::test]
async fn a_name_that_is_rebound_to_this_machine_reaches_nothing_here() {
    let receiver = Receiver::start(&[]).await;
    let zone = Zone::default().with("hooks.example.org", &[&[PUBLIC], &[LOOPBACK]]);
    let suite = Suite::resolving(Arc::new(zone), public_only).await;
    suite.webhook(&named(&receiver, "hooks.example.org"), &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    let dead = suite.delivery_in(DeliveryState::Dead).await;
    assert_eq!(dead.attempts, 4, "a name may lead elsewhere again, so it is tried as often as any other");
    for attempt in &dead.attempt_log {
        assert_eq!((attempt.code, attempt.succeeded), (0, false));
        assert!(attempt.error.contains("not one of 127.0.0.0/8 (this machine)"), "{}", attempt.error);
    }
    assert_eq!(receiver.received().len(), 0);
}

/// The same way, where it is allowed: that nothing arrived above was the rule's doing.
#[tokio::test]
async fn a_name_in_an_allowed_network_is_reached_by_its_allowed_address() {
    let receiver = Receiver::start(&[]).await;
    let zone = Zone::default().with("hooks.example.org", &[&["10.255.255.1", LOOPBACK]]);
    let suite = Suite::resolving(Arc::new(zone), |_| {}).await;
    suite.webhook(&named(&receiver, "hooks.example.org"), &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    assert_eq!(suite.delivery_in(DeliveryState::Delivered).await.attempts, 1);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn names_of_this_machine_are_found_as_it_finds_them() {
    let receiver = Receiver::start(&[]).await;
    let suite = Suite::resolving(Arc::new(SystemNames), |_| {}).await;
    suite.webhook(&named(&receiver, "localhost"), &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    suite.delivery_in(DeliveryState::Delivered).await;
    assert_eq!(receiver.received().len(), 1);
}

/// Registered while it was allowed; after a restart it is not.
#[tokio::test]
async fn an_address_that_is_no_longer_allowed_is_not_reached_any_more() {
    let receiver = Receiver::start(&[]).await;
    let suite = Suite::start().await;
    suite.webhook(&receiver.url, &["*"]).await;
    let suite = suite.restarted_with(public_only).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    let dead = suite.delivery_in(DeliveryState::Dead).await;
    assert_eq!(dead.attempts, 1);
    assert!(dead.attempt_log[0].error.contains("127.0.0.0/8"), "{}", dead.attempt_log[0].error);
    assert_eq!(receiver.received().len(), 0);
}

/// Answers every request with the same bytes, then with `more` for as long as it is listened to; says how much of it.
async fn server(answer: String, more: bool) -> (String, mpsc::UnboundedReceiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let (sent, written) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            if stream.read(&mut request).await.is_err() || stream.write_all(answer.as_bytes()).await.is_err()
            {
                continue;
            }
            let mut total = 0;
            while more && stream.write_all(&[b'x'; 64 * 1024]).await.is_ok() {
                total += 64 * 1024;
            }
            if sent.send(total).is_err() {
                return;
            }
        }
    });
    (url, written)
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inside = Receiver::start(&[]).await;
    let answer = format!("HTTP/1.1 307 Elsewhere\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", inside.url);
    let (url, _written) = server(answer, false).await;
    let suite = Suite::start().await;
    suite.webhook(&url, &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    let dead = suite.delivery_in(DeliveryState::Dead).await;
    assert_eq!(dead.attempt_log[0].code, 307);
    assert!(dead.attempt_log[0].error.contains("not followed"), "{}", dead.attempt_log[0].error);
    assert_eq!(inside.received().len(), 0);
}

#[tokio::test]
async fn an_answer_without_end_costs_no_more_than_its_head() {
    let (url, mut written) = server("HTTP/1.1 200 OK\r\n\r\n".to_owned(), true).await;
    let suite = Suite::start().await;
    suite.webhook(&url, &["*"]).await;
    suite.publish(&TestTicket::new("GD1").submitted()).await;
    assert_eq!(suite.delivery_in(DeliveryState::Delivered).await.attempts, 1);
    let total = tokio::time::timeout(Duration::from_secs(60), written.recv())
        .await
        .expect("the connection is closed, so the server can write no more")
        .unwrap();
    // What the system's buffers take on both sides.
    assert!(total < 16 << 20, "{total} bytes");
}
