//! What holds for the message of every RPC, so that no service has to remember it: it is no larger than the server takes,
//! and no text in it holds U+0000, which no database stores and nobody means.

use super::AnswerFuture;
use bytes::{Bytes, BytesMut};
use futures::future::poll_fn;
use gongdan_errors::Error;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// Flag and length before each message.
pub(super) const PREFIX: usize = 5;

#[derive(Clone, Copy)]
pub(crate) struct MessageLayer {
    pub(crate) max_message_bytes: usize,
}

impl<S> Layer<S> for MessageLayer {
    type Service = Messages<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Messages { max_message_bytes: self.max_message_bytes, inner }
    }
}

#[derive(Clone)]
pub(crate) struct Messages<S> {
    max_message_bytes: usize,
    inner: S,
}

impl<S> Service<Request<Body>> for Messages<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> AnswerFuture {
        let Some(method) = gongdan_proto::method(request.uri().path()) else {
            return Box::pin(self.inner.call(request));
        };
        // The clone may not be ready; what was polled ready is the one to use.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let most = self.max_message_bytes;
        if method.asks_in_stream {
            return Box::pin(super::incoming::looked_at(inner, request, method.request, most));
        }
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let read = match read(body, most).await {
                Ok(read) => read,
                Err(status) => return Ok(status.into_http()),
            };
            let found =
                read.message().and_then(|message| gongdan_proto::nul_in_text(method.request, message));
            if let Some(field) = found {
                return Ok(nul(field).into_http());
            }
            inner.call(Request::from_parts(parts, Body::new(read))).await
        })
    }
}

pub(super) fn nul(field: String) -> Status {
    Error::invalid_field(field, "text without U+0000").into()
}

pub(super) fn too_large(most: usize) -> Status {
    Error::too_large(format!("the message is larger than {most} bytes")).into()
}

/// A body that was read.
struct Read {
    data: Bytes,
    trailers: Option<HeaderMap>,
}

/// Puts the pieces together: a message that comes byte by byte weighs no more than one that comes whole.
async fn read(mut body: Body, most: usize) -> Result<Read, Status> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    let mut trailers = None;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame?.into_data() {
            Ok(data) if first.is_empty() => first = data,
            Ok(data) => {
                if more.is_empty() {
                    more.extend_from_slice(&first);
                }
                more.extend_from_slice(&data);
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
        if first.len().max(more.len()) > most.saturating_add(PREFIX) {
            return Err(too_large(most));
        }
    }
    let data = if more.is_empty() { first } else { more.freeze() };
    Ok(Read { data, trailers })
}

impl Read {
    /// The message itself; `None` when it is not whole.
    fn message(&self) -> Option<&[u8]> {
        let (prefix, message) = self.data.split_at_checked(PREFIX)?;
        let length = prefix.last_chunk().map(|length| u32::from_be_bytes(*length))?;
        message.get(..usize::try_from(length).ok()?)
    }
}

impl HttpBody for Read {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.data.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.data)))));
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, StreamBody};
    use tonic::Code;

    fn body(pieces: &[&'static [u8]]) -> Body {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok::<_, Status>(Frame::data(Bytes::from_static(piece)))).collect();
        Body::new(StreamBody::new(futures::stream::iter(pieces)))
    }

    #[tokio::test]
    async fn a_message_in_pieces_is_read_and_handed_on_whole() {
        let read = read(body(&[b"\0\0\0", b"", b"\0\x03a", b"bcd"]), 100).await.unwrap();
        assert_eq!(read.message(), Some(&b"abc"[..]));
        assert_eq!(read.collect().await.unwrap().to_bytes(), &b"\0\0\0\0\x03abcd"[..]);
    }

    #[tokio::test]
    async fn what_is_too_large_is_not_read_to_its_end() {
        let long = body(&[b"\0\0\0\0\x09ab", b"cd", b"efg"]);
        assert!(read(long, 7).await.is_ok());
        let long = body(&[b"\0\0\0\0\x09ab", b"cd", b"efg"]);
        assert_eq!(read(long, 6).await.err().unwrap().code(), Code::ResourceExhausted);
    }

    #[tokio::test]
    async fn what_is_cut_off_is_no_message() {
        for pieces in [&[][..], &[&b"\0\0"[..]], &[&b"\0\0\0\0\x02a"[..]]] {
            assert_eq!(read(body(pieces), 100).await.unwrap().message(), None);
        }
    }
}
