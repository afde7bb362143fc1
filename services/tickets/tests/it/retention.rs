//! X11: what is personal goes by itself once it was kept long enough.

use crate::suite::{Suite, cancel, past, with_phone};
use gongdan_auth::{AuthChannel, TokenSource};
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::tickets::v1::{
    self as pb, DataClass, call_service_client::CallServiceClient, place_legal_hold_request::Subject,
    privacy_service_client::PrivacyServiceClient, ticket_service_client::TicketServiceClient,
};
use jiff::SignedDuration;
use std::{sync::Arc, time::Duration};

const DAYS: &str = "[retention]\ncontacts_days = 10\ntexts_days = 20\ncontact_reads_days = 5\ninterval = \"87600h\"\nbatch = 2\npause = \"1ms\"\n";

async fn start(clock: &ManualClock) -> Suite {
    Suite::start_with(DAYS, Arc::new(clock.clone())).await
}

/// Tokens that live as long as these tests' time.
fn channel(suite: &Suite, who: &str) -> AuthChannel {
    let token = suite.env.issuer().mint(who, Duration::from_secs(100 * 24 * 3600)).unwrap();
    AuthChannel::lazy(&suite.service.grpc, Duration::from_secs(30), TokenSource::fixed(token.into())).unwrap()
}

impl Suite {
    async fn retained(&self) -> pb::Retention {
        let mut privacy = PrivacyServiceClient::new(channel(self, "admin"));
        privacy.run_retention(pb::RunRetentionRequest {}).await.unwrap().into_inner()
    }

    async fn over(&self, phone: &str) -> pb::Ticket {
        let ticket = self.tickets("zhao.min").create_ticket(with_phone(phone)).await.unwrap().into_inner();
        self.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap().into_inner()
    }

    async fn later(&self, ticket: &str) -> pb::Ticket {
        let request = pb::GetTicketRequest { ticket: ticket.to_owned(), in_clear: false };
        TicketServiceClient::new(channel(self, "admin")).get_ticket(request).await.unwrap().into_inner()
    }

    async fn versions(&self, ticket: &str) -> Vec<String> {
        sqlx::query_scalar("SELECT type FROM events WHERE aggregate_id = $1::uuid ORDER BY version")
            .bind(ticket)
            .fetch_all(self.env.pool())
            .await
            .unwrap()
    }
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

#[tokio::test]
async fn each_class_goes_when_its_time_is_over_and_held_tickets_stay() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = start(&clock).await;
    let mut tickets = Vec::new();
    for n in 0..5 {
        tickets.push(suite.over(&format!("1380000{n:04}")).await);
    }
    let open = suite.tickets("zhao.min").create_ticket(with_phone("13900005678")).await.unwrap().into_inner();
    let held = tickets.pop().unwrap();
    let request = pb::PlaceLegalHoldRequest {
        request_id: crate::suite::id(),
        subject: Some(Subject::Ticket(held.id.clone())),
        reason: "诉讼".to_owned(),
        until: Some(gongdan_proto::to_timestamp(clock.now() + days(30))),
    };
    suite.privacy("admin").place_legal_hold(request).await.unwrap();
    assert_eq!(suite.retained().await.tickets_erased, 0, "nothing is due");

    clock.advance(days(11));
    let pass = suite.retained().await;
    assert_eq!((pass.tickets_erased, pass.tickets_held, pass.error.as_str()), (4, 1, ""));
    for ticket in &tickets {
        let seen = suite.later(&ticket.id).await;
        assert_eq!(
            (seen.customer_id.as_str(), seen.contact, seen.erased),
            ("", None, vec![DataClass::Contact.into()])
        );
        assert_eq!(seen.subject, "夜间施工噪音");
    }
    assert_eq!(suite.count("customers").await, 2, "of the open and of the held ticket");
    assert_eq!(suite.retained().await.tickets_erased, 0, "once is enough");

    clock.advance(days(10));
    assert_eq!(suite.retained().await.tickets_erased, 4);
    for ticket in &tickets {
        let seen = suite.later(&ticket.id).await;
        assert_eq!(seen.subject, "[已删除 erased]");
        assert_eq!(suite.versions(&ticket.id).await, ["submitted", "cancelled", "erased", "erased"]);
    }
    for ticket in [&held, &open] {
        let seen = suite.later(&ticket.id).await;
        assert_eq!((seen.subject.as_str(), seen.erased.len()), ("夜间施工噪音", 0));
    }

    // The hold ends by itself.
    clock.advance(days(10));
    let pass = suite.retained().await;
    assert_eq!((pass.tickets_erased, pass.tickets_held), (1, 0));
    assert_eq!(suite.later(&held.id).await.erased.len(), 2);
}

#[tokio::test]
async fn calls_of_no_ticket_go_when_their_time_is_over_and_those_of_tickets_stay() {
    let clock = ManualClock::new(SystemClock.now());
    let config = "[retention]\ncalls_days = 7\ninterval = \"87600h\"\n";
    let suite = Suite::start_with(config, Arc::new(clock.clone())).await;
    let start = |call: &str, at| pb::StartCallRequest {
        call_id: call.to_owned(),
        seat: "8001".to_owned(),
        phone: "13700009999".to_owned(),
        started_at: Some(gongdan_proto::to_timestamp(at)),
        agent_id: String::new(),
    };
    let of = |who: &str| CallServiceClient::new(channel(&suite, who));
    let begun = clock.now();
    let ticket = suite.over("13800001234").await;
    for (call, at) in [("old", begun), ("linked", begun), ("new", begun + days(3))] {
        clock.set(at);
        of("zhao.min").start_call(start(call, at)).await.unwrap();
    }
    let link = pb::LinkCallRequest {
        request_id: crate::suite::id(),
        ticket: ticket.id.clone(),
        call_id: "linked".to_owned(),
        ..Default::default()
    };
    of("zhao.min").link_call(link).await.unwrap();
    suite.retained().await;
    assert_eq!(suite.count("calls").await, 3, "nothing is due");
    clock.set(begun + days(8));
    suite.retained().await;
    assert_eq!(suite.count("calls WHERE call_id IN ('linked', 'new')").await, 2);
    assert_eq!(suite.count("calls").await, 2);
}

#[tokio::test]
async fn nothing_goes_by_itself_unless_it_is_told_to() {
    let suite = Suite::start().await;
    let recorded = suite.tickets("admin").record_past_ticket(past("1")).await.unwrap().into_inner();
    let pass = suite.retained().await;
    assert_eq!((pass.contacts_days, pass.texts_days, pass.tickets_erased), (0, 0, 0));
    assert_eq!(suite.get(&recorded.ticket.unwrap().id).await.subject, "物业管理有问题");
}

#[tokio::test]
async fn imported_tickets_count_from_the_day_they_were_over() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = start(&clock).await;
    let recorded = suite.tickets("admin").record_past_ticket(past("1")).await.unwrap().into_inner();
    let live =
        pb::RecordPastTicketRequest { reply: String::new(), replied_at: None, live: true, ..past("2") };
    let waiting = suite.tickets("admin").record_past_ticket(live).await.unwrap().into_inner();
    assert_eq!(suite.retained().await.tickets_erased, 1);
    let seen = suite.get(&recorded.ticket.unwrap().id).await;
    assert_eq!(
        (seen.subject.as_str(), seen.resolution.unwrap().reply.as_str()),
        ("[已删除 erased]", "[已删除 erased]")
    );
    assert_eq!(suite.get(&waiting.ticket.unwrap().id).await.subject, "物业管理有问题");
}
