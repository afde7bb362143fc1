//! A panic in a handler is INTERNAL for its caller and nothing for the others.

use super::{Answer, AnswerFuture};
use futures::FutureExt;
use gongdan_errors::Error;
use http::{Request, Response};
use std::{
    any::Any,
    convert::Infallible,
    panic::AssertUnwindSafe,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

#[derive(Clone, Copy)]
pub(crate) struct PanicLayer;

impl<S> Layer<S> for PanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanic { inner }
    }
}

#[derive(Clone)]
pub(crate) struct CatchPanic<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for CatchPanic<S>
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
        // Safe to look at afterwards: nothing of the call is, and what calls share guards itself against half a change.
        let inner = std::panic::catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        Box::pin(async move {
            let answered = match inner {
                Ok(inner) => AssertUnwindSafe(inner).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            answered.unwrap_or_else(|panic| answer(panic.as_ref()))
        })
    }
}

fn answer(panic: &(dyn Any + Send)) -> Answer {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    Ok(Status::from(Error::internal(format!("panic: {what}"))).into_http())
}
