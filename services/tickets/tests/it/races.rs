//! Many at once: writes share statements, and each is answered for itself.

use crate::suite::{NO_SHARES, Suite, accept, claim, complaint, id, past, urge, with_phone};
use futures::future::join_all;
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1 as pb;
use gongdan_testkit::eventually;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use tonic::Code;
use tonic_types::StatusExt as _;

async fn start() -> Suite {
    Suite::start_with(NO_SHARES, Arc::new(SystemClock)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_creates_are_all_written_once() {
    let suite = start().await;
    let client = suite.tickets("zhao.min");
    // Eight citizens, each of whom calls many times at once for the first time.
    let created = join_all((0..160).map(|n| {
        let mut client = client.clone();
        async move {
            client.create_ticket(with_phone(&format!("1380000123{}", n % 8))).await.unwrap().into_inner()
        }
    }))
    .await;
    let numbers: HashSet<_> = created.iter().map(|ticket| &ticket.number).collect();
    assert_eq!(numbers.len(), 160);
    let customers: HashSet<_> = created.iter().map(|ticket| &ticket.customer_id).collect();
    assert_eq!((customers.len(), suite.count("customers").await), (8, 8));
    for table in ["tickets", "events", "requests", "contacts"] {
        assert_eq!(suite.count(table).await, 160, "{table}");
    }
    eventually("all are on the bus", async || suite.env.events("tickets").await.len() == 160).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_of_one_request_get_one_ticket() {
    let suite = start().await;
    let client = suite.tickets("zhao.min");
    let request = with_phone("13800001234");
    let answers = join_all((0..20).map(|_| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.create_ticket(request).await.unwrap().into_inner() }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!((suite.count("tickets").await, suite.count("events").await), (1, 1));
    let recorded = join_all((0..20).map(|_| {
        let mut client = suite.tickets("admin");
        async move { client.record_past_ticket(past("1")).await.unwrap().into_inner() }
    }))
    .await;
    assert_eq!(recorded.iter().filter(|answer| answer.created).count(), 1);
    assert_eq!(suite.count("tickets").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_claim_one_wins() {
    let suite = start().await;
    let ticket = suite.submitted().await;
    let client = suite.tickets("chen.jing");
    let answers = join_all((0..16).map(|_| {
        let (mut client, request) = (client.clone(), claim(&ticket));
        async move { client.claim_ticket(request).await }
    }))
    .await;
    let mut outcomes = BTreeMap::new();
    for answer in answers {
        let outcome = match answer {
            Ok(_) => Code::Ok,
            Err(status) => {
                let details = status.get_error_details();
                let etag = details.error_info().and_then(|info| info.metadata.get("etag").cloned());
                if status.code() == Code::Aborted {
                    assert_eq!(etag.as_deref(), Some("2"), "who loses is told the present etag");
                }
                status.code()
            }
        };
        *outcomes.entry(outcome as i32).or_insert(0) += 1;
        assert!(matches!(outcome, Code::Ok | Code::Aborted | Code::FailedPrecondition), "{outcome:?}");
    }
    assert_eq!(outcomes[&(Code::Ok as i32)], 1);
    assert!(outcomes.contains_key(&(Code::Aborted as i32)), "nobody was in between: {outcomes:?}");
    assert_eq!(suite.changes(&ticket.id).await, ["submitted", "claimed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_of_one_act_get_one_answer() {
    let suite = start().await;
    let ticket = suite.dispatched("tianhe-env").await;
    let client = suite.tickets("li.wei");
    let request = accept(&ticket);
    let answers = join_all((0..12).map(|_| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.accept_ticket(request).await.unwrap().into_inner() }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(suite.get(&ticket.id).await.version, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_on_many_tickets_at_once_keep_versions_without_gaps() {
    let suite = start().await;
    let client = suite.tickets("zhao.min");
    let tickets = join_all((0..10).map(|_| {
        let mut client = client.clone();
        async move { client.create_ticket(complaint()).await.unwrap().into_inner() }
    }))
    .await;
    let done = join_all((0..100).map(|n| {
        let (mut client, ticket) = (client.clone(), &tickets[n % 10]);
        async move {
            let mut request = urge(ticket);
            loop {
                match client.urge_ticket(request.clone()).await {
                    Ok(answer) => return answer.into_inner(),
                    Err(status) => assert_eq!(status.code(), Code::Aborted),
                }
                request = pb::UrgeTicketRequest { request_id: id(), ..request };
            }
        }
    }))
    .await;
    assert_eq!(done.len(), 100);
    for ticket in &tickets {
        let versions: Vec<i64> = suite.timeline(&ticket.id).await.iter().map(|entry| entry.version).collect();
        assert_eq!(versions, (1..=11).collect::<Vec<_>>());
        assert_eq!(suite.get(&ticket.id).await.urge_count, 10);
    }
}
