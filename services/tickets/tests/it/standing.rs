//! A stream goes on for as long as its caller would be let in, with what that caller may see by then.

use crate::suite::{Suite, complaint};
use gongdan_auth::{AuthChannel, TokenSource};
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::tickets::v1::{
    self as pb, ticket_service_client::TicketServiceClient, watch_tickets_response::Kind,
};
use gongdan_testkit::{PATIENCE, PrincipalSpec};
use std::{sync::Arc, time::Duration};
use tonic::{Code, Status, Streaming};

type Stream = Streaming<pb::WatchTicketsResponse>;

fn tianhe() -> PrincipalSpec {
    PrincipalSpec::new("tianhe").role("agent")
}

/// A quiet one, and one that never rests.
const PACES: [&str; 2] = ["[watch]\nheartbeat = \"60s\"\n", "[watch]\nheartbeat = \"1ms\"\npoll = \"5ms\"\n"];

async fn watch(suite: &Suite, who: &str) -> Stream {
    let request = pb::WatchTicketsRequest::default();
    suite.tickets(who).watch_tickets(request).await.unwrap().into_inner()
}

/// How it ends.
async fn end(mut stream: Stream) -> Status {
    let ends = async {
        loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ends as if nothing were wrong"),
                Err(status) => return status,
            }
        }
    };
    tokio::time::timeout(PATIENCE, ends).await.expect("it ends")
}

async fn next(stream: &mut Stream) -> pb::Ticket {
    let hears = async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            if message.kind() != Kind::Heartbeat {
                return message.ticket.unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, hears).await.expect("a message comes")
}

#[tokio::test]
async fn a_watch_ends_when_its_principal_is_not_active_any_more() {
    for pace in PACES {
        let suite = Suite::start_with(pace, Arc::new(SystemClock)).await;
        suite.env.principal(tianhe().region("440106")).await;
        let stream = watch(&suite, "tianhe").await;
        suite.env.principal(tianhe().region("440106").inactive()).await;
        assert_eq!(end(stream).await.code(), Code::PermissionDenied, "{pace}");
    }
}

#[tokio::test]
async fn a_watch_ends_when_no_policy_permits_it_any_more() {
    let suite = Suite::start().await;
    suite.env.principal(tianhe().region("440106")).await;
    let stream = watch(&suite, "tianhe").await;
    suite.env.principal(PrincipalSpec::new("tianhe").role("analyst").region("440106")).await;
    assert_eq!(end(stream).await.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_watch_ends_with_its_token() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = Suite::start_at(&clock).await;
    let token = suite.env.issuer().mint("admin", Duration::from_secs(600)).unwrap();
    let channel =
        AuthChannel::lazy(&suite.service.grpc, Duration::from_secs(30), TokenSource::fixed(token.into()));
    let mut tickets = TicketServiceClient::new(channel.unwrap());
    let stream = tickets.watch_tickets(pb::WatchTicketsRequest::default()).await.unwrap().into_inner();
    clock.advance(jiff::SignedDuration::from_mins(11));
    assert_eq!(end(stream).await.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_watch_goes_on_with_what_its_caller_may_see_by_then() {
    let suite = Suite::start_with(PACES[1], Arc::new(SystemClock)).await;
    suite.env.principal(tianhe().region("4401").region("43").right("sensitive")).await;
    let mut stream = watch(&suite, "tianhe").await;
    let sensitive = || pb::CreateTicketRequest { sensitive: true, ..complaint() };
    let create =
        async |request| suite.tickets("chen.jing").create_ticket(request).await.unwrap().into_inner();
    let first = create(sensitive()).await;
    assert_eq!(next(&mut stream).await.id, first.id);
    // It loses the right and one region, and gains nothing: once a list keeps to that, the stream does within seconds.
    suite.env.principal(tianhe().region("4401")).await;
    let mut heard = Vec::new();
    loop {
        create(sensitive()).await;
        let open = create(complaint()).await;
        let mut round = Vec::new();
        while round.last() != Some(&open.id) {
            round.push(next(&mut stream).await.id);
        }
        heard.push(round.len());
        if round.len() == 1 {
            break;
        }
        assert!(heard.len() < 10_000, "{heard:?}");
    }
    // Wider again.
    suite.env.principal(tianhe().region("4401").region("43")).await;
    let hunan = || pb::CreateTicketRequest { region: "430100".to_owned(), ..complaint() };
    loop {
        let elsewhere = create(hunan()).await;
        let here = create(complaint()).await;
        let heard = next(&mut stream).await.id;
        if heard == elsewhere.id {
            break;
        }
        assert_eq!(heard, here.id);
    }
}
