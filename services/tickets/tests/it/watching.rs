//! T33: watching changes.

use crate::suite::{Suite, accept, cancel, complaint, dispatch, urge};
use gongdan_proto::tickets::v1::{self as pb, watch_tickets_response::Kind};
use gongdan_testkit::PATIENCE;
use tonic::{Code, Streaming};

async fn watch(suite: &Suite, request: pb::WatchTicketsRequest) -> Streaming<pb::WatchTicketsResponse> {
    suite.tickets("admin").watch_tickets(request).await.unwrap().into_inner()
}

/// The next message that is no sign of life.
async fn next(stream: &mut Streaming<pb::WatchTicketsResponse>) -> pb::WatchTicketsResponse {
    let news = async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            if message.kind() != Kind::Heartbeat {
                return message;
            }
        }
    };
    tokio::time::timeout(PATIENCE, news).await.expect("a message comes")
}

fn of_region(region: &str) -> pb::TicketFilter {
    pb::TicketFilter { regions: vec![region.to_owned()], ..Default::default() }
}

#[tokio::test]
async fn a_watcher_sees_each_change_and_when_a_ticket_leaves_its_filter() {
    let suite = Suite::start().await;
    let pending = pb::TicketFilter { phases: vec![pb::Phase::PendingDispatch.into()], ..of_region("4401") };
    let mut stream =
        watch(&suite, pb::WatchTicketsRequest { filter: Some(pending), ..Default::default() }).await;
    let elsewhere = pb::CreateTicketRequest { region: "430100".to_owned(), ..complaint() };
    suite.tickets("zhao.min").create_ticket(elsewhere).await.unwrap();
    let ticket = suite.submitted().await;
    let seen = next(&mut stream).await;
    assert_eq!((seen.kind(), seen.change.as_str()), (Kind::Changed, "submitted"));
    let shown = seen.ticket.unwrap();
    assert_eq!(
        (shown.id.as_str(), shown.subject.as_str(), shown.body.as_str()),
        (ticket.id.as_str(), "夜间施工噪音", "")
    );
    suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    assert_eq!(next(&mut stream).await.change, "urged");
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let left = next(&mut stream).await;
    assert_eq!((left.kind(), left.change.as_str()), (Kind::Left, "dispatched"));
    suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap();
    let other = suite.submitted().await;
    assert_eq!(next(&mut stream).await.ticket.unwrap().id, other.id, "what left is not heard of again");
}

#[tokio::test]
async fn t33_a_watcher_goes_on_after_its_token_without_a_gap() {
    let suite = Suite::start().await;
    let mut stream = watch(&suite, pb::WatchTicketsRequest::default()).await;
    let ticket = suite.submitted().await;
    let token = next(&mut stream).await.resume_token;
    drop(stream);
    for _ in 0..3 {
        suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    }
    suite.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap();
    let resumed = pb::WatchTicketsRequest { resume_token: token, ..Default::default() };
    let mut stream = watch(&suite, resumed).await;
    let mut versions = Vec::new();
    for _ in 0..4 {
        versions.push(next(&mut stream).await.ticket.unwrap().version);
    }
    assert_eq!(versions, [2, 3, 4, 5]);
}

#[tokio::test]
async fn what_matches_now_comes_first_when_asked_for() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    let request = pb::WatchTicketsRequest { include_current: true, ..Default::default() };
    let mut stream = watch(&suite, request).await;
    let current = next(&mut stream).await;
    assert_eq!((current.kind(), current.ticket.unwrap().id), (Kind::Current, ticket.id.clone()));
    suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    let mut changes = Vec::new();
    while changes.last().map(String::as_str) != Some("urged") {
        changes.push(next(&mut stream).await.change);
    }
    assert!(changes.len() <= 2, "{changes:?}");
}

#[tokio::test]
async fn a_quiet_stream_shows_signs_of_life() {
    let clock = std::sync::Arc::new(gongdan_clock::SystemClock);
    let suite = Suite::start_with("[watch]\nheartbeat = \"50ms\"\npoll = \"20ms\"\n", clock).await;
    let mut stream = watch(&suite, pb::WatchTicketsRequest::default()).await;
    let message = tokio::time::timeout(PATIENCE, stream.message()).await.unwrap().unwrap().unwrap();
    assert_eq!((message.kind(), &message.ticket), (Kind::Heartbeat, &None));
    assert!(!message.resume_token.is_empty());
}

#[tokio::test]
async fn tokens_of_another_log_are_refused() {
    let suite = Suite::start().await;
    for (token, code) in [("x", Code::InvalidArgument), ("99999999999-1", Code::OutOfRange)] {
        let request = pb::WatchTicketsRequest { resume_token: token.to_owned(), ..Default::default() };
        let refused = suite.tickets("admin").watch_tickets(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{token}");
    }
}
