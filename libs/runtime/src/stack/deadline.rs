//! A call ends when its caller's time or ours is over. Source: DESIGN rule 7.

use super::AnswerFuture;
use gongdan_errors::Error;
use http::{HeaderMap, Request, Response};
use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// A request that is a stream is answered when it has ended. How long it may be silent, and how long it may last, its
/// handler knows.
const IN_STREAM: Duration = Duration::from_hours(24);

#[derive(Clone)]
pub(crate) struct DeadlineLayer {
    pub(crate) longest: Duration,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadline { longest: self.longest, inner }
    }
}

#[derive(Clone)]
pub(crate) struct Deadline<S> {
    longest: Duration,
    inner: S,
}

impl<S> Service<Request<Body>> for Deadline<S>
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
        let in_stream =
            gongdan_proto::method(request.uri().path()).is_some_and(|method| method.asks_in_stream);
        let longest = if in_stream { self.longest.max(IN_STREAM) } else { self.longest };
        let at = Instant::now() + asked(request.headers()).map_or(longest, |asked| asked.min(longest));
        let inner = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout_at(at, gongdan_auth::with_deadline(at, inner)).await {
                Ok(answer) => answer,
                Err(_) => Ok(Status::from(Error::deadline_exceeded()).into_http()),
            }
        })
    }
}

/// `grpc-timeout`: up to eight digits and a unit. What is none is passed over, as the protocol's servers do.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_in_every_unit() {
        for (text, asked_for) in [
            ("2H", Some(Duration::from_secs(7200))),
            ("15S", Some(Duration::from_secs(15))),
            ("250m", Some(Duration::from_millis(250))),
            ("100000n", Some(Duration::from_micros(100))),
            ("123456789S", None),
            ("S", None),
            ("5x", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            assert_eq!(asked(&headers), asked_for, "{text}");
        }
    }
}
