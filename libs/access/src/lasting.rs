//! A stream lasts longer than the moment that let its caller in. While it does, the caller is asked again; a stream whose
//! caller would not be let in any more ends with what the door would say.

use crate::{caller::Caller, standing::EVERY};
use bytes::Bytes;
use gongdan_errors::Error;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep};
use tonic::{Status, body::Body};

type Asking = Pin<Box<dyn Future<Output = Result<Caller, Error>> + Send>>;

/// The body of a stream while its caller may have it.
pub(crate) struct Lasting {
    /// None once it has ended.
    inner: Option<Body>,
    caller: Caller,
    due: Pin<Box<Sleep>>,
    asking: Option<Asking>,
}

impl Lasting {
    pub(crate) fn new(inner: Body, caller: Caller) -> Self {
        Self { inner: Some(inner), caller, due: Box::pin(tokio::time::sleep(EVERY)), asking: None }
    }

    /// Ready when the caller may have more now; nothing is sent while that is being found out.
    fn poll_caller(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            if let Some(asking) = &mut self.asking {
                let Poll::Ready(caller) = asking.as_mut().poll(cx) else { return Poll::Pending };
                self.asking = None;
                self.caller = caller?;
                self.due.as_mut().reset(Instant::now() + EVERY);
            }
            if self.due.as_mut().poll(cx).is_pending() {
                return Poll::Ready(Ok(()));
            }
            let caller = self.caller.clone();
            self.asking = Some(Box::pin(async move { caller.again().await }));
        }
    }
}

impl HttpBody for Lasting {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.inner.is_none() {
            return Poll::Ready(None);
        }
        match self.poll_caller(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => match &mut self.inner {
                Some(inner) => Pin::new(inner).poll_frame(cx),
                None => Poll::Ready(None),
            },
            Poll::Ready(Err(refused)) => {
                self.inner = None;
                tracing::info!(
                    principal = %self.caller.principal_id,
                    action = self.caller.action(),
                    code = ?refused.code(),
                    "a stream ends: its caller would not be let in any more"
                );
                let mut trailers = HeaderMap::new();
                let status = Status::from(refused);
                Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
