//! T26 and EventService: the record of what happened.

use crate::suite::{Suite, accept, dispatch, urge};
use gongdan_proto::{
    common::v1::{ReplayEventsRequest, event_service_client::EventServiceClient},
    tickets::v1 as pb,
};
use prost::Message as _;
use tonic::Code;

#[tokio::test]
async fn each_entry_says_who_when_and_from_where() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    let entries = suite.timeline(&ticket.id).await;
    let told: Vec<_> = entries
        .iter()
        .map(|e| (e.version, e.actor.as_ref().unwrap().id.as_str(), e.from_phase(), e.state.is_none()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "zhao.min", pb::Phase::Unspecified, true),
            (2, "chen.jing", pb::Phase::PendingDispatch, true),
            (3, "li.wei", pb::Phase::Dispatched, true),
        ]
    );
    assert!(entries.iter().all(|e| e.occurred_at.is_some() && e.recorded_at.is_some()));
}

#[tokio::test]
async fn a_long_timeline_comes_in_pages() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    for _ in 0..4 {
        suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    }
    let mut request =
        pb::ListTimelineRequest { ticket: ticket.number, page_size: 2, page_token: String::new() };
    let mut versions = Vec::new();
    loop {
        let page = suite.tickets("admin").list_timeline(request.clone()).await.unwrap().into_inner();
        versions.extend(page.entries.iter().map(|entry| entry.version));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(versions, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn the_log_can_be_replayed_by_services() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    suite.submitted().await;
    suite.env.log_settled().await;
    let request =
        ReplayEventsRequest { aggregate_ids: vec![ticket.id], from_version: 2, ..Default::default() };
    let mut client = EventServiceClient::new(suite.env.channel(&suite.service, "service.sla"));
    let mut events = client.replay_events(request.clone()).await.unwrap().into_inner();
    let mut versions = Vec::new();
    while let Some(answer) = events.message().await.unwrap() {
        let event = answer.event.unwrap();
        let payload = pb::TicketEvent::decode(event.payload).unwrap();
        assert_eq!(payload.version, event.version);
        versions.push(event.version);
    }
    assert_eq!(versions, [2, 3]);
    let mut client = EventServiceClient::new(suite.env.channel(&suite.service, "li.wei"));
    assert_eq!(client.replay_events(request).await.unwrap_err().code(), Code::PermissionDenied);
}
