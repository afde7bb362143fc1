//! E-mail to staff, in a real SMTP conversation.

use gongdan_notifications::Config;
use gongdan_proto::notifications::v1::{DeliveryChannel, DeliveryState};
use gongdan_testkit::PrincipalSpec;

use crate::{smtp::Smtp, suite::Suite, tickets::TestTicket};

fn mail_to(port: u16) -> impl FnOnce(&mut Config) {
    move |config: &mut Config| {
        config.email.enabled = true;
        config.email.port = port;
        config.email.tls = gongdan_notifications::EmailTls::None;
        config.email.from = "工单系统 <gongdan@example.org>".to_owned();
    }
}

fn chen() -> PrincipalSpec {
    PrincipalSpec::new("chen").name("陈晨").role("handler").unit("env").email("chen@example.org")
}

#[tokio::test]
async fn staff_with_an_address_are_written_to_in_their_language() {
    let smtp = Smtp::start(&[]).await;
    let suite = Suite::with(mail_to(smtp.port)).await;
    suite.person(chen()).await;
    let smith =
        PrincipalSpec::new("smith").name("Ann Smith").unit("env").language("en").email("smith@example.org");
    suite.person(smith).await;
    suite.person(PrincipalSpec::new("wu").unit("env")).await;
    let mut ticket = TestTicket::new("GD2611220000000001");
    suite.publish(&ticket.dispatched("env", "")).await;

    let mut mails = smtp.receives(2).await;
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    let [zh, en] = mails.as_slice() else { panic!("one for each with an address: {mails:?}") };
    assert_eq!(
        (zh.from.as_str(), zh.to.as_str()),
        ("MAIL FROM:<gongdan@example.org>", "RCPT TO:<chen@example.org>")
    );
    assert_eq!(zh.header("Subject"), "【工单】新工单 GD2611220000000001 已派至本单位");
    assert!(zh.text().starts_with("陈晨,您好:"), "{}", zh.text());
    assert!(zh.text().contains("类型:投诉,优先级 P3"));
    assert_eq!(en.header("Subject"), "[Gongdan] Ticket GD2611220000000001 was dispatched to your unit");
    assert!(en.text().contains("Dear Ann Smith,"), "{}", en.text());
    assert_eq!(suite.told("wu", 1).await, ["dispatched"], "without an address the inbox is what there is");
    let deliveries = suite.all_deliveries().await;
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|d| d.channel() == DeliveryChannel::Email && d.kind == "dispatched"));
    let ids: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    assert!(deliveries.iter().all(|d| ids.contains(&format!("<{}@example.org>", d.id))), "{ids:?}");
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_and_gets_the_same_message() {
    let smtp = Smtp::start(&["451 try again", "421 later"]).await;
    let suite = Suite::with(mail_to(smtp.port)).await;
    suite.person(chen()).await;
    suite.publish(&TestTicket::new("GD1").dispatched("env", "chen")).await;
    let delivered = suite.delivery_in(DeliveryState::Delivered).await;
    let codes: Vec<_> = delivered.attempt_log.iter().map(|attempt| attempt.code).collect();
    assert_eq!(codes, [451, 421, 250]);
    let mails = smtp.mails();
    assert_eq!(mails.len(), 3);
    assert!(mails.iter().all(|mail| mail.header("Message-ID") == mails[0].header("Message-ID")));
}

#[tokio::test]
async fn a_message_that_is_refused_for_good_is_given_up_at_once() {
    let smtp = Smtp::start(&["554 no"]).await;
    let suite = Suite::with(mail_to(smtp.port)).await;
    suite.person(chen()).await;
    suite.publish(&TestTicket::new("GD1").dispatched("env", "chen")).await;
    let dead = suite.delivery_in(DeliveryState::Dead).await;
    assert_eq!((dead.attempts, dead.attempt_log[0].code), (1, 554));
    assert!(!dead.attempt_log[0].error.contains("no\""), "not the other side's words");
}

#[tokio::test]
async fn somebody_who_lost_the_address_meanwhile_is_not_written_to() {
    let smtp = Smtp::start(&["451 try again"]).await;
    let suite = Suite::with(|config| {
        mail_to(smtp.port)(config);
        config.delivery.first_retry = jiff::SignedDuration::from_millis(500);
        config.delivery.longest_retry = jiff::SignedDuration::from_millis(500);
    })
    .await;
    suite.person(chen()).await;
    suite.publish(&TestTicket::new("GD1").dispatched("env", "chen")).await;
    smtp.receives(1).await;
    suite.person(PrincipalSpec::new("chen").role("handler").unit("env")).await;
    suite.delivery_in(DeliveryState::Dropped).await;
    assert_eq!(smtp.mails().len(), 1);
}
