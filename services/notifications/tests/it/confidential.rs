//! T36: what people and systems are told of a ticket has no word of the request and names nobody who made it, whatever happens:
//! a subject such as 「欧阳明举报…」 is in no inbox, no e-mail and no webhook. Every kind of event is tried, also those that come later.

use gongdan_notifications::{Config, EmailTls};
use gongdan_proto::{
    CHANGES,
    common::v1::{ActorRef, PrincipalKind},
    notifications::v1::ListInboxRequest,
    tickets::v1::{Phase, Submitted, ticket_event::Change},
};
use gongdan_testkit::{PrincipalSpec, filled_event};

use crate::{receiver::Receiver, smtp::Smtp, suite::Suite, tickets::TestTicket};

const NAME: &str = "欧阳明";
const CITIZEN: &str = "citizen.ouyang";

fn mail_to(port: u16) -> impl FnOnce(&mut Config) {
    move |config| {
        config.email.enabled = true;
        config.email.port = port;
        config.email.tls = EmailTls::None;
    }
}

/// A ticket of a confidential reporter, who took it down by an account, that `chen` of `env` works on; said in words wherever
/// words may be.
fn confidential(number: &str) -> TestTicket {
    let mut ticket = TestTicket::new(number);
    ticket.state.confidential = true;
    ticket.state.subject = format!("{NAME}举报偷排");
    ticket.state.body = format!("我是{NAME}。");
    ticket.state.phase = Phase::InProgress.into();
    ticket.state.lead_unit_id = "env".to_owned();
    ticket.state.handler_id = "chen".to_owned();
    ticket.state.created_by = Some(ActorRef {
        id: CITIZEN.to_owned(),
        name: NAME.to_owned(),
        kind: PrincipalKind::Citizen.into(),
        unit_ids: Vec::new(),
    });
    ticket
}

#[tokio::test]
async fn t36_nobody_is_told_who_reported_in_confidence_by_inbox_mail_or_webhook() {
    let smtp = Smtp::start(&[]).await;
    let suite = Suite::with(mail_to(smtp.port)).await;
    let receiver = Receiver::start(&[]).await;
    suite.webhook(&receiver.url, &["*"]).await;
    suite.person(PrincipalSpec::new("chen").role("unit_leader").unit("env").email("chen@example.org")).await;
    suite.person(PrincipalSpec::new(CITIZEN).citizen(&crate::suite::id().to_string()).name(NAME)).await;
    // Units and persons are those who are told; all else that is text is the reporter's name.
    let text = |path: &str| {
        let field = path.rsplit('.').next().unwrap_or_default();
        Some(match field {
            _ if field.contains("unit_id") => "env".to_owned(),
            "person_id" | "to_person_id" | "person_ids" | "mention_ids" => "chen".to_owned(),
            _ if field.ends_with("_id") => "5".to_owned(),
            _ => format!("{NAME}说"),
        })
    };
    for (number, (_, name)) in CHANGES.iter().enumerate() {
        let mut ticket = confidential(&format!("GD{number}"));
        let submitted = Submitted { subject: ticket.state.subject.clone(), body: ticket.state.body.clone() };
        suite.publish(&ticket.did(Change::Submitted(submitted))).await;
        suite.publish(&ticket.dispatched("env", "chen")).await;
        let last = ticket.did(filled_event(name, &text).change.unwrap());
        suite.publish(&last).await;
        suite.heard(&last).await;
    }
    // What was told of the one that was erased goes with it.
    let webhooks = receiver.receives(2 * (CHANGES.len() - 1)).await;
    let mails = smtp.receives(CHANGES.len() - 1).await;
    let request = ListInboxRequest { page_size: 500, ..Default::default() };
    let items = suite.inbox("chen").list_inbox(request).await.unwrap().into_inner().items;
    let kinds: std::collections::BTreeSet<_> = items.iter().map(|item| item.kind.clone()).collect();
    assert!(kinds.len() > 15, "the cases tell people something: {kinds:?}");
    let deliveries = suite.all_deliveries().await;
    assert!(!deliveries.is_empty());
    let told = items
        .iter()
        .map(|item| format!("{item:?}"))
        .chain(mails.iter().map(|mail| format!("{} {}", mail.header("Subject"), mail.text())))
        .chain(webhooks.iter().map(|webhook| webhook.json().to_string()))
        .chain(deliveries.iter().map(|delivery| format!("{delivery:?}")));
    for told in told {
        assert!(!told.contains(NAME) && !told.contains(CITIZEN), "{told}");
    }
    let answer = suite.inbox(CITIZEN).list_inbox(ListInboxRequest::default()).await;
    assert!(answer.is_err() || answer.unwrap().into_inner().items.is_empty(), "who reported is no staff");
}
