//! Each caller's share: so many calls a second, so many at once, so many streams; the rest are refused. Source: DESIGN
//! rule 7.

use super::{AnswerFuture, held::Held};
use crate::{LimitsConfig, ShareConfig};
use gongdan_auth::{Actor, role};
use gongdan_errors::{Error, Reason};
use gongdan_proto::common::v1::PrincipalKind;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use http::{Request, Response};
use moka::sync::Cache;
use opentelemetry::{KeyValue, metrics::Counter};
use std::{
    convert::Infallible,
    num::NonZeroU32,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// When a caller with too many calls or streams at once may try again; rates say it themselves.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// A caller not heard of for so long is forgotten: its share is whole again by then.
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// Callers remembered at most.
const REMEMBERED: u64 = 100_000;

/// Knows every caller's share. Behind the door: who shows no token has none.
#[derive(Clone)]
pub(crate) struct ShareLayer(Arc<Shares>);

struct Shares {
    limits: LimitsConfig,
    callers: Cache<String, Arc<Share>>,
    limited: Counter<u64>,
}

/// What one caller has left.
struct Share {
    kind: Kind,
    rate: Option<DefaultDirectRateLimiter>,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Citizen,
    Person,
    Administrator,
    Service,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Citizen, Self::Person, Self::Administrator, Self::Service];

    fn of(actor: &Actor) -> Self {
        match actor.kind {
            PrincipalKind::Service => Self::Service,
            PrincipalKind::Person if actor.has_role(role::ADMINISTRATOR) => Self::Administrator,
            PrincipalKind::Person => Self::Person,
            PrincipalKind::Citizen | PrincipalKind::Unspecified => Self::Citizen,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Person => "person",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }

    fn share(self, limits: &LimitsConfig) -> ShareConfig {
        match self {
            Self::Citizen => limits.citizen,
            Self::Person => limits.person,
            Self::Administrator => limits.administrator,
            Self::Service => limits.service,
        }
    }
}

/// The limit that a call is above, and when to try again.
#[derive(Debug)]
struct Over {
    limit: &'static str,
    retry_after: Duration,
}

impl Share {
    fn new(kind: Kind, config: ShareConfig) -> Self {
        let rate = NonZeroU32::new(config.rate).map(|rate| {
            let burst = NonZeroU32::new(config.burst).unwrap_or(rate);
            RateLimiter::direct(Quota::per_second(rate).allow_burst(burst))
        });
        Self { kind, rate, calls: permits(config.calls), streams: permits(config.streams) }
    }

    fn take(&self, streams: bool) -> Result<OwnedSemaphorePermit, Over> {
        let (limit, permits) = if streams { ("streams", &self.streams) } else { ("calls", &self.calls) };
        let permit = Arc::clone(permits).try_acquire_owned();
        let permit = permit.map_err(|_| Over { limit, retry_after: RETRY_AFTER })?;
        if let Some(rate) = &self.rate {
            rate.check().map_err(|not_until| {
                let now = governor::clock::DefaultClock::default().now();
                Over { limit: "rate", retry_after: not_until.wait_time_from(now) }
            })?;
        }
        Ok(permit)
    }
}

/// 0 is any number.
pub(super) fn permits(most: usize) -> Arc<Semaphore> {
    let most = if most == 0 { Semaphore::MAX_PERMITS } else { most.min(Semaphore::MAX_PERMITS) };
    Arc::new(Semaphore::new(most))
}

impl ShareLayer {
    pub(crate) fn new(limits: &LimitsConfig) -> Self {
        let limited = gongdan_telemetry::meter()
            .u64_counter("gongdan.server.limited_calls")
            .with_unit("{call}")
            .with_description("Calls refused because their caller took more than its share")
            .build();
        for kind in Kind::ALL {
            for limit in ["rate", "calls", "streams"] {
                limited.add(0, &attributes(kind, limit));
            }
        }
        let callers = Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGET_AFTER).build();
        Self(Arc::new(Shares { limits: limits.clone(), callers, limited }))
    }
}

impl Shares {
    fn of(&self, actor: &Actor) -> Arc<Share> {
        let kind = Kind::of(actor);
        if let Some(share) = self.callers.get(&actor.principal_id)
            && share.kind == kind
        {
            return share;
        }
        let share = || Arc::new(Share::new(kind, kind.share(&self.limits)));
        let found =
            self.callers.entry_by_ref(&actor.principal_id).or_insert_with_if(share, |old| old.kind != kind);
        found.into_value()
    }

    fn refuse(&self, kind: Kind, over: &Over) -> Error {
        self.limited.add(1, &attributes(kind, over.limit));
        let message = match over.limit {
            "rate" => "the caller makes more calls a second than it may",
            "streams" => "the caller has as many streams open as it may",
            _ => "the caller has as many calls being answered as it may",
        };
        Error::exhausted(Reason::CallerLimit, message, over.retry_after).with("limit", over.limit)
    }
}

fn attributes(kind: Kind, limit: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("kind", kind.name()), KeyValue::new("limit", limit)]
}

impl<S> Layer<S> for ShareLayer {
    type Service = Shared<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Shared { shares: Arc::clone(&self.0), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Shared<S> {
    shares: Arc<Shares>,
    inner: S,
}

impl<S> Service<Request<Body>> for Shared<S>
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
        // Health and reflection have no caller; each address has a share of them.
        let Some(actor) = request.extensions().get::<Actor>() else {
            return Box::pin(self.inner.call(request));
        };
        let share = self.shares.of(actor);
        let streams = gongdan_proto::method(request.uri().path()).is_some_and(|method| method.streams);
        match share.take(streams) {
            Ok(permit) => {
                let inner = self.inner.call(request);
                Box::pin(async move { Ok(inner.await?.map(|body| Held::body(body, permit))) })
            }
            Err(over) => {
                let refused = Status::from(self.shares.refuse(share.kind, &over)).into_http();
                Box::pin(async move { Ok(refused) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: ShareConfig = ShareConfig { rate: 1, burst: 2, calls: 3, streams: 1 };

    #[test]
    fn a_caller_gets_its_burst_and_then_its_rate() {
        let share = Share::new(Kind::Person, NARROW);
        assert!(share.take(false).is_ok() && share.take(false).is_ok());
        let over = share.take(false).unwrap_err();
        assert_eq!(over.limit, "rate");
        assert!(over.retry_after > Duration::ZERO && over.retry_after <= Duration::from_secs(1));
    }

    #[test]
    fn calls_and_streams_at_once_are_counted_apart_and_given_back() {
        let share = Share::new(Kind::Person, ShareConfig { rate: 0, ..NARROW });
        let calls: Vec<_> = (0..3).map(|_| share.take(false).unwrap()).collect();
        assert_eq!(share.take(false).unwrap_err().limit, "calls");
        let stream = share.take(true).unwrap();
        assert_eq!(share.take(true).unwrap_err().limit, "streams");
        drop((calls, stream));
        assert!(share.take(false).is_ok() && share.take(true).is_ok());
    }

    #[test]
    fn nought_is_any_number() {
        let share = Share::new(Kind::Service, ShareConfig { rate: 0, burst: 0, calls: 0, streams: 0 });
        let taken: Vec<_> = (0..10_000).map(|n| share.take(n % 2 == 0)).collect();
        assert!(taken.iter().all(Result::is_ok));
    }
}
