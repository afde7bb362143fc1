//! Those who take too much, and those who do not take what they asked for.

use super::{
    HOLD, Running, config, get,
    raw::{GET_MATRIX, REPLAY, Raw, framed, status},
    start, start_behind,
};
use crate::{AddressConfig, ConnectionsConfig, LimitsConfig, ServerConfig, ShareConfig};
use bytes::Bytes;
use futures::future::join_all;
use gongdan_auth::Actor;
use gongdan_proto::common::v1::PrincipalKind;
use http::Request;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;
use tower::{Layer, ServiceExt as _, util::MapRequest};

/// A deadline that no machine is too busy for.
const NEVER: Duration = Duration::from_secs(600);

/// Lets everybody in as whom the header `x-caller` names.
#[derive(Clone)]
pub(super) struct ByHeader;

type Named<S> = MapRequest<S, fn(Request<Body>) -> Request<Body>>;

impl<S> Layer<S> for ByHeader {
    type Service = Named<S>;

    fn layer(&self, inner: S) -> Self::Service {
        MapRequest::new(inner, |mut request: Request<Body>| {
            let name =
                request.headers().get("x-caller").and_then(|name| name.to_str().ok()).map(str::to_owned);
            if let Some(name) = name {
                request.extensions_mut().insert(Actor {
                    kind: PrincipalKind::Person,
                    name: name.clone(),
                    principal_id: name,
                    roles: vec![],
                    unit_ids: vec![],
                    regions: vec![],
                    rights: vec![],
                    language: String::new(),
                    customer_id: None,
                });
            }
            request
        })
    }
}

fn person(share: ShareConfig) -> ServerConfig {
    let config = config();
    ServerConfig { limits: LimitsConfig { person: share, ..config.limits.clone() }, ..config }
}

fn connections(change: impl FnOnce(&mut ConnectionsConfig)) -> ServerConfig {
    let mut config = config();
    change(&mut config.connections);
    config
}

async fn ends(socket: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    let mut rest = Vec::new();
    // Reset or closed: either is an end.
    let _ = socket.read_to_end(&mut rest).await;
    begun.elapsed()
}

#[tokio::test]
async fn headers_without_a_body_end_with_the_servers_deadline() {
    let running = start(ServerConfig { deadline: Duration::from_millis(100), ..config() }, None).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let mut started = raw.send(Raw::request(GET_MATRIX, &[]), None).await;
    let told = (&mut started.answer).await.unwrap();
    assert_eq!(status(told.headers()).unwrap().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn one_callers_flood_leaves_the_others_alone() {
    let share = ShareConfig { rate: 0, burst: 0, calls: 4, streams: 1 };
    let running =
        start_behind(ServerConfig { concurrency: 64, deadline: NEVER, ..person(share) }, ByHeader).await;
    let mut flooder = Raw::connect(&running, 65_535).await;
    // It holds all it may hold, and asks for more without end.
    let hold = framed(&[0x08, HOLD as u8]);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(flooder.send(Raw::request(GET_MATRIX, &[("x-caller", "mallory")]), Some(&hold)).await);
    }
    running.moody.entered.acquire_many(4).await.unwrap().forget();
    let flood = async {
        let mut codes = BTreeMap::<i32, usize>::new();
        for _ in 0..10 {
            let mut calls = Vec::new();
            for _ in 0..100 {
                calls.push(
                    flooder.send(Raw::request(GET_MATRIX, &[("x-caller", "mallory")]), Some(&hold)).await,
                );
            }
            for told in join_all(calls.into_iter().map(super::raw::Open::told)).await {
                *codes.entry(told.grpc.unwrap().code().into()).or_default() += 1;
            }
        }
        codes
    };
    let desk = async {
        let mut raw = Raw::connect(&running, 65_535).await;
        let mut failed = 0;
        for _ in 0..300 {
            let told = raw.call(GET_MATRIX, &[("x-caller", "li.wei")], &framed(b"")).await;
            failed += usize::from(told.grpc.unwrap().code() != Code::Ok);
        }
        failed
    };
    let (codes, failed) = tokio::join!(flood, desk);
    assert_eq!(codes, BTreeMap::from([(Code::ResourceExhausted.into(), 1_000)]));
    assert_eq!(failed, 0, "calls of somebody else");
    running.moody.released.add_permits(4);
    for held in held {
        assert_eq!(held.told().await.grpc.unwrap().code(), Code::Ok);
    }
    let told = flooder.call(GET_MATRIX, &[("x-caller", "mallory")], &framed(b"")).await;
    assert_eq!(told.grpc.unwrap().code(), Code::Ok, "who held too much may go on when it has let go");
}

#[tokio::test]
async fn calls_above_the_rate_are_refused_with_when_to_try_again() {
    let share = ShareConfig { rate: 1, burst: 3, calls: 0, streams: 0 };
    let running = start_behind(person(share), ByHeader).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(raw.call(GET_MATRIX, &[("x-caller", "mallory")], &framed(b"")).await.grpc.unwrap());
    }
    let refused = told.pop().unwrap();
    assert_eq!(told[0].code(), Code::Ok);
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let details = refused.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.metadata["limit"].as_str()), ("CALLER_LIMIT", "rate"));
    assert!(details.retry_info().unwrap().retry_delay.unwrap() > Duration::ZERO);
    let metrics = get(running.http, "/metrics").await;
    let line = metrics.lines().find(|line| {
        line.starts_with("gongdan_server_limited_calls")
            && ["kind=\"person\"", "limit=\"rate\""].iter().all(|label| line.contains(label))
    });
    assert!(line.is_some_and(|line| !line.ends_with(" 0")), "{line:?}");
}

#[tokio::test]
async fn streams_are_counted_until_they_end() {
    let share = ShareConfig { rate: 0, burst: 0, calls: 1, streams: 2 };
    let running = start_behind(person(share), ByHeader).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = raw.send(Raw::request(REPLAY, &[("x-caller", "mallory")]), Some(&framed(b""))).await;
        open.push((&mut stream.answer).await.unwrap());
    }
    let told = raw.call(REPLAY, &[("x-caller", "mallory")], &framed(b"")).await.grpc.unwrap();
    assert_eq!(told.get_details_error_info().unwrap().metadata["limit"], "streams");
    // Over another connection: the window of the first is full of what nobody reads.
    let mut other = Raw::connect(&running, 65_535).await;
    let told = other.call(GET_MATRIX, &[("x-caller", "mallory")], &framed(b"")).await;
    assert_eq!(told.grpc.unwrap().code(), Code::Ok, "calls are counted apart");
    drop(open);
    running.endless.until_open(0).await;
    let mut again = raw.send(Raw::request(REPLAY, &[("x-caller", "mallory")]), Some(&framed(b""))).await;
    assert!((&mut again.answer).await.unwrap().headers().get("grpc-status").is_none());
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_given_up_and_then_its_connection() {
    let patience = Duration::from_millis(200);
    let running = start(connections(|connections| connections.reader_patience = patience), None).await;
    let mut raw = Raw::connect(&running, 1_000).await;
    let mut unread = raw.send(Raw::request(REPLAY, &[]), Some(&framed(b""))).await;
    let answer = (&mut unread.answer).await.unwrap();
    running.endless.until_open(1).await;
    // What stands behind it is let go while the client still holds its end.
    running.endless.until_open(0).await;
    assert!(!raw.connection.is_finished(), "the first warning is for the stream alone");
    // Another connection goes on.
    let mut other = Raw::connect(&running, 65_535).await;
    assert_eq!(other.call(GET_MATRIX, &[], &framed(b"")).await.grpc.unwrap().code(), Code::Ok);
    let ended = tokio::time::timeout(Duration::from_secs(10), raw.connection).await;
    assert!(ended.is_ok(), "the connection is cut off");
    drop(answer);
}

#[tokio::test]
async fn who_reads_a_stream_that_was_given_up_learns_why() {
    let patience = Duration::from_millis(400);
    let running = start(connections(|connections| connections.reader_patience = patience), None).await;
    let mut raw = Raw::connect(&running, 1_000).await;
    let unread = raw.send(Raw::request(REPLAY, &[]), Some(&framed(b""))).await;
    running.endless.until_open(1).await;
    running.endless.until_open(0).await;
    let told = unread.told().await.grpc.unwrap();
    assert_eq!(told.code(), Code::ResourceExhausted);
    assert_eq!(told.get_details_error_info().unwrap().reason, "READER_TOO_SLOW");
    assert!(told.get_details_retry_info().is_some());
}

#[tokio::test]
async fn a_slow_reader_that_reads_is_left_alone() {
    let patience = Duration::from_millis(600);
    let running = start(connections(|connections| connections.reader_patience = patience), None).await;
    let mut raw = Raw::connect(&running, 8_192).await;
    let mut read = raw.send(Raw::request(REPLAY, &[]), Some(&framed(b""))).await;
    let mut body = (&mut read.answer).await.unwrap().into_body();
    let begun = Instant::now();
    while begun.elapsed() < patience * 4 {
        let piece = body.data().await.expect("the stream goes on").unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        tokio::time::sleep(patience / 60).await;
    }
    assert_eq!(running.endless.open(), 1);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let begin = Duration::from_millis(100);
    let running = start(connections(|connections| connections.begin = begin), None).await;
    let mut silent = TcpStream::connect(running.grpc).await.unwrap();
    let mut stammering = TcpStream::connect(running.grpc).await.unwrap();
    stammering.write_all(b"PRI * HTT").await.unwrap();
    assert!(ends(&mut silent).await < Duration::from_secs(10));
    assert!(ends(&mut stammering).await < Duration::from_secs(10));
    // Who has spoken stays.
    let mut raw = Raw::connect(&running, 65_535).await;
    tokio::time::sleep(begin * 3).await;
    assert_eq!(raw.call(GET_MATRIX, &[], &framed(b"")).await.grpc.unwrap().code(), Code::Ok);
}

#[tokio::test]
async fn a_connection_past_its_age_and_grace_is_cut_off() {
    let running = start(
        connections(|connections| {
            connections.age = Duration::from_millis(100);
            connections.grace = Duration::from_millis(200);
        }),
        None,
    )
    .await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let open = raw.send(Raw::request(REPLAY, &[]), Some(&framed(b""))).await;
    running.endless.until_open(1).await;
    let ended = tokio::time::timeout(Duration::from_secs(10), raw.connection).await;
    assert!(ended.is_ok(), "its stream does not keep it");
    drop(open);
    running.endless.until_open(0).await;
}

#[tokio::test]
async fn connections_above_the_limit_are_closed_and_make_room_again() {
    for (most, per_address) in [(2, 0), (100, 2)] {
        let running = start(
            connections(|connections| {
                connections.most = most;
                connections.per_address = per_address;
            }),
            None,
        )
        .await;
        let mut first = Raw::connect(&running, 65_535).await;
        let second = Raw::connect(&running, 65_535).await;
        first.call(GET_MATRIX, &[], &framed(b"")).await;
        let mut third = TcpStream::connect(running.grpc).await.unwrap();
        ends(&mut third).await;
        second.connection.abort();
        drop(second.requests);
        while !is_served(&running).await {
            tokio::task::yield_now().await;
        }
    }
}

/// Whether a new connection gets an answer.
async fn is_served(running: &Running) -> bool {
    let answered = async {
        let (requests, connection) = h2::client::handshake(TcpStream::connect(running.grpc).await?).await?;
        let connection = tokio::spawn(connection);
        let (answer, mut body) =
            requests.ready().await?.send_request(Raw::request(GET_MATRIX, &[]), false)?;
        body.send_data(Bytes::from(framed(b"")), true)?;
        let answered = answer.await;
        connection.abort();
        answered.map_err(anyhow::Error::from)
    };
    answered.await.is_ok()
}

#[tokio::test]
async fn resets_without_end_cost_only_their_own_connection() {
    let running = start(config(), None).await;
    let raw = Raw::connect(&running, 65_535).await;
    let mut other = Raw::connect(&running, 65_535).await;
    let flood = async {
        for _ in 0..50_000 {
            let Ok(mut requests) = raw.requests.clone().ready().await else { return };
            let Ok((_, mut stream)) = requests.send_request(Raw::request(GET_MATRIX, &[]), false) else {
                return;
            };
            stream.send_reset(h2::Reason::CANCEL);
        }
    };
    let desk = async {
        let mut failed = 0;
        for _ in 0..100 {
            let told = other.call(GET_MATRIX, &[], &framed(b"")).await;
            failed += usize::from(told.grpc.unwrap().code() != Code::Ok);
        }
        failed
    };
    let ((), failed) = tokio::join!(flood, desk);
    assert_eq!(failed, 0);
    assert!(raw.connection.is_finished(), "the connection of the resets is ended");
}

#[tokio::test]
async fn bad_tokens_from_an_address_are_refused_unseen_and_good_ones_go_on() {
    #[derive(Clone)]
    struct Door;
    impl<S> Layer<S> for Door
    where
        S: tower::Service<Request<Body>, Response = http::Response<Body>, Error = std::convert::Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        type Service =
            tower::util::BoxCloneSyncService<Request<Body>, http::Response<Body>, std::convert::Infallible>;

        fn layer(&self, inner: S) -> Self::Service {
            tower::util::BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
                let inner = inner.clone();
                async move {
                    if request.headers().get("authorization").is_some_and(|token| token == "good") {
                        return inner.oneshot(request).await;
                    }
                    Ok(Status::unauthenticated("no").into_http())
                }
            }))
        }
    }
    let address = AddressConfig { failures: 1, failure_burst: 3, open_calls: 2 };
    let base = config();
    let limits = LimitsConfig { address, ..base.limits.clone() };
    let running = start_behind(ServerConfig { limits, ..base }, Door).await;
    let mut raw = Raw::connect(&running, 65_535).await;
    let mut code = async |token: &str| {
        raw.call(GET_MATRIX, &[("authorization", token)], &framed(b"")).await.grpc.unwrap().code()
    };
    assert_eq!(code("good").await, Code::Ok);
    let mut codes = Vec::new();
    for n in 0..10 {
        codes.push(code(&format!("bad {n}")).await);
    }
    assert_eq!(codes[0], Code::Unauthenticated);
    assert_eq!(codes[9], Code::ResourceExhausted);
    assert_eq!(code("good").await, Code::Ok, "a token that was good before still is");

    // Calls that need no token are counted while they are open.
    let watch = "/grpc.health.v1.Health/Watch";
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut call = raw.send(Raw::request(watch, &[]), Some(&framed(b""))).await;
        open.push((&mut call.answer).await.unwrap());
    }
    let refused = raw.call(watch, &[], &framed(b"")).await.grpc.unwrap();
    assert_eq!(refused.get_details_error_info().unwrap().metadata["limit"], "open_calls");
}
