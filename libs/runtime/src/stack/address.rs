//! What an address may do without a good token: be refused so often, and keep so many calls open that need none.
//!
//! An address that was refused too often is refused without a look at its tokens, those aside that were good before: who
//! shares it with a flood goes on.

use super::{AnswerFuture, held::Held, remote, share::permits};
use crate::{AddressConfig, server::network};
use gongdan_auth::is_exempt;
use gongdan_errors::{Error, Reason};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use moka::sync::Cache;
use opentelemetry::{KeyValue, metrics::Counter};
use std::{
    convert::Infallible,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::Semaphore, time::Instant};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

/// An address or token not heard of for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// Addresses, and good tokens, remembered at most.
const REMEMBERED: u64 = 100_000;
/// When an address with too many open calls may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct AddressLayer(Arc<Addresses>);

struct Addresses {
    config: AddressConfig,
    known: Cache<IpAddr, Arc<Address>>,
    /// Hashes of credentials that opened the door.
    good: Cache<u64, ()>,
    hasher: RandomState,
    limited: Counter<u64>,
}

struct Address {
    failures: Option<DefaultDirectRateLimiter>,
    /// Until when it is refused unseen.
    refused_until: Mutex<Option<Instant>>,
    open_calls: Arc<Semaphore>,
}

impl Address {
    fn new(config: AddressConfig) -> Self {
        let failures = NonZeroU32::new(config.failures).map(|rate| {
            let burst = NonZeroU32::new(config.failure_burst).unwrap_or(rate);
            RateLimiter::direct(Quota::per_second(rate).allow_burst(burst))
        });
        Self { failures, refused_until: Mutex::default(), open_calls: permits(config.open_calls) }
    }

    /// One more refused credential.
    fn failed(&self) {
        if let Some(failures) = &self.failures
            && let Err(not_until) = failures.check()
        {
            let wait = not_until.wait_time_from(governor::clock::DefaultClock::default().now());
            let until = Instant::now().checked_add(wait);
            *self.refused_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
    }

    /// How long it is still refused unseen.
    fn refused_for(&self) -> Option<Duration> {
        let until = (*self.refused_until.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }
}

impl AddressLayer {
    pub(crate) fn new(config: AddressConfig) -> Self {
        let limited = gongdan_telemetry::meter()
            .u64_counter("gongdan.server.limited_addresses")
            .with_unit("{call}")
            .with_description("Calls without a good token refused because their address made too many")
            .build();
        for limit in ["failures", "open_calls"] {
            limited.add(0, &[KeyValue::new("limit", limit)]);
        }
        Self(Arc::new(Addresses {
            config,
            known: Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGET_AFTER).build(),
            good: Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGET_AFTER).build(),
            hasher: RandomState::new(),
            limited,
        }))
    }
}

impl Addresses {
    fn of(&self, address: IpAddr) -> Arc<Address> {
        self.known.get_with(address, || Arc::new(Address::new(self.config)))
    }

    fn token(&self, headers: &HeaderMap) -> Option<u64> {
        headers.get(AUTHORIZATION).map(|value| self.hasher.hash_one(value.as_bytes()))
    }

    fn refuse(&self, limit: &'static str, message: &'static str, retry_after: Duration) -> Response<Body> {
        self.limited.add(1, &[KeyValue::new("limit", limit)]);
        let error = Error::exhausted(Reason::CallerLimit, message, retry_after).with("limit", limit);
        Status::from(error).into_http()
    }
}

impl<S> Layer<S> for AddressLayer {
    type Service = Addressed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Addressed { addresses: Arc::clone(&self.0), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Addressed<S> {
    addresses: Arc<Addresses>,
    inner: S,
}

impl<S> Service<Request<Body>> for Addressed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> AnswerFuture {
        let Some(peer) = remote(request.extensions()) else { return Box::pin(self.inner.call(request)) };
        let network = network(peer.ip());
        let addresses = Arc::clone(&self.addresses);
        if is_exempt(request.uri().path()) {
            let Ok(permit) = Arc::clone(&addresses.of(network).open_calls).try_acquire_owned() else {
                let message = "the address has as many calls without a token open as it may";
                let refused = addresses.refuse("open_calls", message, RETRY_AFTER);
                return Box::pin(async move { Ok(refused) });
            };
            let inner = self.inner.call(request);
            return Box::pin(async move { Ok(inner.await?.map(|body| Held::body(body, permit))) });
        }
        let token = addresses.token(request.headers());
        let good = token.is_some_and(|token| addresses.good.contains_key(&token));
        if !good && let Some(wait) = addresses.known.get(&network).and_then(|address| address.refused_for()) {
            let refused = addresses.refuse("failures", "the address showed too many bad tokens", wait);
            return Box::pin(async move { Ok(refused) });
        }
        let inner = self.inner.call(request);
        Box::pin(async move {
            let response = inner.await?;
            if is_unauthenticated(response.headers()) {
                addresses.of(network).failed();
                if let Some(token) = token {
                    addresses.good.invalidate(&token);
                }
            } else if !good && let Some(token) = token {
                addresses.good.insert(token, ());
            }
            Ok(response)
        })
    }
}

fn is_unauthenticated(headers: &HeaderMap) -> bool {
    headers
        .get("grpc-status")
        .is_some_and(|status| Code::from_bytes(status.as_bytes()) == Code::Unauthenticated)
}
