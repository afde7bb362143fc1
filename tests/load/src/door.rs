//! `door`: what authentication and authorization cost a call, with the memory of verified tokens and without it.
//!
//! The layers of a service's server around a handler that answers at once. Principals are in memory, as those of callers
//! are who called within the last seconds.

use crate::{
    options::Common,
    output::{self, round},
    stats::Latencies,
};
use anyhow::Context as _;
use gongdan_access::{Access, Policies};
use gongdan_auth::{AuthConfig, Authenticator, LocalIssuer};
use gongdan_clock::{SharedClock, SystemClock};
use gongdan_proto::{METHODS, common::v1::PrincipalKind, routing::v1::Principal};
use http::{Request, Response};
use serde::Serialize;
use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt as _};

/// Callers, each with a token of its own.
const CALLERS: usize = 1_000;
/// How many tokens are remembered, less than half of a service's default.
const REMEMBERED: u64 = 4_000;
/// Longer than any run: what is measured is the call, not the look into the database every ten seconds.
const IN_MEMORY: Duration = Duration::from_secs(7_200);

/// The result, one JSON line.
#[derive(Serialize)]
struct Door {
    scenario: &'static str,
    callers: usize,
    calls: usize,
    p50_us: f64,
    p99_us: f64,
    calls_without_memory: usize,
    p50_us_without_memory: f64,
    p99_us_without_memory: f64,
    /// Of the same calls without the two layers.
    p50_us_of_nothing: f64,
}

/// Behind the door.
#[derive(Clone)]
struct Answers;

impl Service<Request<()>> for Answers {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(Body::empty())))
    }
}

pub(crate) async fn run(common: &Common) -> anyhow::Result<()> {
    let length = Duration::from_secs(common.seconds.into());
    let directory = tempfile::tempdir()?;
    let clock: SharedClock = Arc::new(SystemClock);
    let issuer = LocalIssuer::create_or_load(directory.path(), clock.clone())?;
    let mut credentials = Vec::with_capacity(CALLERS);
    for caller in 0..CALLERS {
        credentials.push(format!("Bearer {}", issuer.mint(&name(caller), IN_MEMORY)?));
    }
    let paths = paths()?;
    let mut with =
        measure(&mut door(&issuer, &clock, REMEMBERED).await?, &credentials, &paths, length).await?;
    let mut without = measure(&mut door(&issuer, &clock, 0).await?, &credentials, &paths, length).await?;
    let mut nothing = measure(&mut Answers, &credentials, &paths, Duration::from_secs(1)).await?;
    output::print(
        common.output,
        &Door {
            scenario: "door",
            callers: CALLERS,
            calls: with.count(),
            p50_us: round(with.percentile_ms(50) * 1_000.0),
            p99_us: round(with.percentile_ms(99) * 1_000.0),
            calls_without_memory: without.count(),
            p50_us_without_memory: round(without.percentile_ms(50) * 1_000.0),
            p99_us_without_memory: round(without.percentile_ms(99) * 1_000.0),
            p50_us_of_nothing: round(nothing.percentile_ms(50) * 1_000.0),
        },
    )
}

/// The door of a service that remembers so many tokens, with everybody's principal in memory.
async fn door(
    issuer: &LocalIssuer,
    clock: &SharedClock,
    token_cache: u64,
) -> anyhow::Result<impl Service<Request<()>, Response = Response<Body>, Error = Infallible> + use<>> {
    let config = AuthConfig { token_cache, principal_ttl: IN_MEMORY, ..issuer.auth_config() };
    // Never asked: all principals are in memory.
    let pool = sqlx::PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none")?;
    let authenticator = Authenticator::new(&config, pool, clock.clone()).await?;
    authenticator.changed(&(0..CALLERS).map(principal).collect::<Vec<_>>());
    let access = Access::new(Policies::shipped()?);
    Ok(authenticator.layer().layer(access.layer().layer(Answers)))
}

/// Calls by everybody in turn, one after the other, for so long; how long each took.
async fn measure<S>(
    door: &mut S,
    credentials: &[String],
    paths: &[&'static str],
    length: Duration,
) -> anyhow::Result<Latencies>
where
    S: Service<Request<()>, Response = Response<Body>, Error = Infallible>,
{
    let mut latencies = Latencies::default();
    // The first round fills what is remembered.
    let mut measured = None;
    for turn in 0.. {
        if turn == credentials.len() {
            measured = Some(Instant::now());
        }
        if measured.is_some_and(|since: Instant| since.elapsed() >= length) {
            break;
        }
        let credential = credentials[turn % credentials.len()].as_str();
        let path = paths[turn % paths.len()];
        let request = Request::post(path).header("authorization", credential).body(())?;
        let began = Instant::now();
        let Ok(answer) = door.ready().await.map_err(never)?.call(request).await;
        let took = began.elapsed();
        anyhow::ensure!(!answer.headers().contains_key("grpc-status"), "{path} was refused");
        if measured.is_some() {
            latencies.add(took);
        }
    }
    Ok(latencies)
}

fn never(never: Infallible) -> anyhow::Error {
    match never {}
}

/// Single calls about tickets that a dispatcher may make.
fn paths() -> anyhow::Result<Vec<&'static str>> {
    let called = ["GetTicket", "ListTickets", "DispatchTicket", "LookupCustomer"];
    let mut paths = Vec::new();
    for name in called {
        let method = METHODS.iter().find(|method| method.path.ends_with(&format!("/{name}")));
        paths.push(method.with_context(|| format!("there is no RPC {name}"))?.path);
    }
    Ok(paths)
}

fn name(caller: usize) -> String {
    format!("load.caller{caller}")
}

/// A dispatcher of two cities and two units.
fn principal(caller: usize) -> Principal {
    Principal {
        id: name(caller),
        issuer: LocalIssuer::ISSUER.to_owned(),
        subject: name(caller),
        name: "压力测试员".to_owned(),
        kind: PrincipalKind::Person.into(),
        roles: vec!["dispatcher".to_owned(), "agent".to_owned()],
        unit_ids: vec!["load.bureau".to_owned(), "load.desk".to_owned()],
        regions: vec!["440100".to_owned(), "440300".to_owned()],
        tier: 1,
        active: true,
        version: 1,
        ..Principal::default()
    }
}
