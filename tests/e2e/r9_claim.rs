//! R9 抢单: a rule puts tickets into a unit's pool, and its people take them, with the whole suite and the client.

use futures::future::join_all;
use gongdan_auth::LocalIssuer;
use gongdan_clock::SystemClock;
use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, ENVIRONMENT, request_id},
    suite::{Authorized, Suite},
};
use gongdan_proto::{
    routing::v1::{ImportOrganisationRequest, organisation_service_client::OrganisationServiceClient},
    tickets::v1::{
        ClaimNextRequest, ClaimTicketRequest, Phase, Ticket, ticket_event::Change,
        ticket_service_client::TicketServiceClient,
    },
};
use serde_json::json;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tonic::Code;

const MANY: usize = 200;

fn handler(n: usize) -> String {
    format!("handler.{n:03}")
}

/// Two hundred people of one unit, whom tickets lets in afterwards.
async fn staff(suite: &Suite) -> Vec<TicketServiceClient<Authorized>> {
    let principals =
        (0..MANY).map(|n| organisation::person(&handler(n), "处理员", "handler", ENVIRONMENT)).collect();
    let request = ImportOrganisationRequest {
        request_id: request_id(),
        principals,
        ..ImportOrganisationRequest::default()
    };
    let mut routing = OrganisationServiceClient::new(suite.channel("routing").await);
    routing.import_organisation(request).await.expect("the people are imported");
    let tickets = suite.database("tickets").await;
    eventually("tickets knows them", || async {
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM principals WHERE id LIKE 'handler.%'")
            .fetch_one(&tickets)
            .await
            .expect("principals are counted");
        (known == 200).then_some(())
    })
    .await;
    let issuer = LocalIssuer::create_or_load(&suite.data_dir().join("issuer"), Arc::new(SystemClock))
        .expect("the suite has an issuer");
    let mut clients = Vec::with_capacity(MANY);
    for n in 0..MANY {
        let token = issuer.mint(&handler(n), Duration::from_secs(3_600)).expect("a token");
        clients.push(TicketServiceClient::new(suite.channel_as("tickets", Some(&token)).await));
    }
    clients
}

/// Taken down, and in the pool that the rule says.
async fn waiting(desk: &Desk, subject: &str) -> Ticket {
    let mut desk = desk.clone();
    let ticket = desk.create(complaint(subject)).await;
    desk.until(&ticket, "it waits in the pool", |ticket| ticket.pool_unit_id == ENVIRONMENT).await
}

async fn said(suite: &Suite, words: &[&str]) -> String {
    let refused = suite.cli(words).await;
    assert!(!refused.status.success(), "{words:?}");
    String::from_utf8_lossy(&refused.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_one_of_two_hundred_wins_and_two_hundred_get_one_each() {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    let rule = ["rule", "put", "--id", "pool", "--name", "抢单", "--when", "true"];
    let pool = ["--to-pool", ENVIRONMENT, "--claim-limit", "2"];
    assert!(suite.cli(&[&rule[..], &pool].concat()).await.status.success());
    let staff = staff(&suite).await;
    let mut desk = Desk::open(&suite).await;

    let first = waiting(&desk, "夜间施工").await;
    assert_eq!((first.pool_reason.as_str(), first.pool_claim_limit), ("抢单", 2));
    let answers = join_all(staff.iter().map(|client| {
        let (mut client, ticket) = (client.clone(), first.id.clone());
        let request = ClaimTicketRequest { request_id: request_id(), ticket, etag: String::new() };
        async move { client.claim_ticket(request).await }
    }))
    .await;
    let winners: Vec<usize> = (0..MANY).filter(|n| answers[*n].is_ok()).collect();
    let [winner] = winners.as_slice() else { panic!("won by {winners:?}") };
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(status.code(), Code::Aborted | Code::FailedPrecondition), "{status:?}");
    }
    let timeline = desk.timeline(&first).await;
    let claims = timeline.iter().filter(|entry| matches!(entry.change, Some(Change::Claimed(_)))).count();
    assert_eq!((claims, desk.get(&first).await.handler_id), (1, handler(*winner)));

    let mut tickets = HashSet::new();
    while tickets.len() < MANY {
        let some = (tickets.len()..MANY).take(20).map(|n| format!("噪音扰民 {n}"));
        let some = join_all(some.map(|subject| {
            let desk = &desk;
            async move { waiting(desk, &subject).await.id }
        }))
        .await;
        tickets.extend(some);
    }
    let claimed = join_all(staff.iter().map(|client| {
        let mut client = client.clone();
        async move {
            let request = ClaimNextRequest { request_id: request_id(), ..ClaimNextRequest::default() };
            client.claim_next(request).await.expect("there is one for everybody").into_inner()
        }
    }))
    .await;
    for (n, ticket) in claimed.iter().enumerate() {
        assert_eq!((ticket.phase(), &ticket.handler_id), (Phase::InProgress, &handler(n)));
    }
    assert_eq!(claimed.iter().map(|ticket| ticket.id.clone()).collect::<HashSet<_>>(), tickets);

    // Nothing is left; what comes next is not for who has two, and can be put back.
    let who = handler(*winner);
    let next = ["ticket", "claim", "--next", "--unit", ENVIRONMENT, "--as"];
    assert!(said(&suite, &[&next[..], &[&who]].concat()).await.contains("nothing waits in a pool"));
    let last = waiting(&desk, "广场舞").await;
    let full = said(&suite, &[&next[..], &[&who]].concat()).await;
    assert!(full.contains("2 tickets from pools in hand, and this pool allows 2"), "{full}");
    let other = handler((winner + 1) % MANY);
    let taken = suite.cli_json(&[&next[..], &[&other, "-o", "json"]].concat()).await;
    assert_eq!(taken["number"], json!(last.number));
    let put_back =
        ["ticket", "return", &last.number, "--to-pool", "--reason", "请病假", "--as", &other, "-o", "json"];
    let back = suite.cli_json(&put_back).await;
    assert_eq!((&back["pool_unit_id"], &back["put_back_by_ids"]), (&json!(ENVIRONMENT), &json!([other])));
    let empty = said(&suite, &[&next[..], &[&other]].concat()).await;
    assert!(empty.contains("nothing waits in a pool"), "{empty}");
    let timeline = suite.cli(&["--lang", "zh", "ticket", "timeline", &last.number]).await;
    assert!(String::from_utf8_lossy(&timeline.stdout).contains("放回抢单池"));
}
