//! A request that is a stream: its messages are looked at one by one as they come, and handed on at once.

use super::{
    Answer,
    message::{PREFIX, nul, too_large},
};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::Service;

/// Calls `inner` with the stream. What is wrong with a message is the answer, whatever `inner` makes of a broken stream;
/// where its own answer is a stream and has begun, it is told in the stream.
pub(super) async fn looked_at<S>(
    mut inner: S,
    request: Request<Body>,
    message: &'static str,
    most: usize,
) -> Answer
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let wrong = Arc::new(OnceLock::new());
    let told = wrong.clone();
    let body = |inner| Body::new(Incoming { inner, message, most, wrong, came: BytesMut::new(), last: None });
    let answer = inner.call(request.map(body)).await;
    match told.get() {
        Some(status) => Ok(Status::clone(status).into_http()),
        None => answer,
    }
}

struct Incoming {
    inner: Body,
    message: &'static str,
    most: usize,
    wrong: Arc<OnceLock<Status>>,
    /// Of the next message, as far as it came.
    came: BytesMut,
    /// What came behind the messages; waits until what is left of them is handed on.
    last: Option<Frame<Bytes>>,
}

impl Incoming {
    /// The next message, when all of it is there, with what stands before it.
    fn whole(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(prefix) = self.came.first_chunk::<PREFIX>() else { return Ok(None) };
        let [_, length @ ..] = *prefix;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > self.most {
            return Err(too_large(self.most));
        }
        if self.came.len() < PREFIX + length {
            return Ok(None);
        }
        let message = self.came.split_to(PREFIX + length).freeze();
        match gongdan_proto::nul_in_text(self.message, message.get(PREFIX..).unwrap_or_default()) {
            Some(field) => Err(nul(field)),
            None => Ok(Some(message)),
        }
    }

    /// What is left when nothing more comes: of a message that was cut off, then the last frame.
    fn rest(&mut self) -> Option<Frame<Bytes>> {
        if self.came.is_empty() { self.last.take() } else { Some(Frame::data(self.came.split().freeze())) }
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            match self.whole() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(Frame::data(message)))),
                Ok(None) => {}
                Err(status) => {
                    self.came.clear();
                    self.inner = Body::empty();
                    let status = self.wrong.get_or_init(|| status).clone();
                    return Poll::Ready(Some(Err(status)));
                }
            }
            match std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.came.extend_from_slice(&data),
                    Err(frame) => self.last = Some(frame),
                },
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => return Poll::Ready(self.rest().map(Ok)),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.came.is_empty() && self.last.is_none() && self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_errors::Code;
    use http_body_util::{BodyExt as _, StreamBody};
    use prost::Message as _;
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::UnboundedReceiverStream;

    const ROWS: &str = "gongdan.tickets.v1.RecordPastTicketsRequest";

    fn row(text: &str) -> Vec<u8> {
        use gongdan_proto::tickets::v1 as pb;
        let row = pb::RecordPastTicketRequest { subject: text.to_owned(), ..Default::default() };
        let message = pb::RecordPastTicketsRequest { ordinal: 1, row: Some(row) }.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap();
        [&[0], &length.to_be_bytes()[..], &message].concat()
    }

    /// A stream into which the test writes, and what is seen of it.
    fn stream(most: usize) -> (mpsc::UnboundedSender<Vec<u8>>, Incoming) {
        let (pieces, stream) = mpsc::unbounded_channel::<Vec<u8>>();
        let frames = tokio_stream::StreamExt::map(UnboundedReceiverStream::new(stream), |piece| {
            Ok::<_, Status>(Frame::data(Bytes::from(piece)))
        });
        let inner = Body::new(StreamBody::new(frames));
        let (wrong, came) = (Arc::default(), BytesMut::new());
        (pieces, Incoming { inner, message: ROWS, most, wrong, came, last: None })
    }

    #[tokio::test]
    async fn each_message_is_handed_on_when_it_is_whole_and_before_the_next_comes() {
        let (pieces, mut seen) = stream(1_000);
        let (first, second) = (row("一"), row("二"));
        pieces.send([&first[..], &second[..3]].concat()).unwrap();
        let frame = seen.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), first);
        pieces.send(second[3..].to_vec()).unwrap();
        assert_eq!(seen.frame().await.unwrap().unwrap().into_data().unwrap(), second);
        pieces.send(second[..7].to_vec()).unwrap();
        drop(pieces);
        assert_eq!(seen.frame().await.unwrap().unwrap().into_data().unwrap(), second[..7], "cut off");
        assert!(seen.frame().await.is_none());
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_message_ends_the_stream() {
        let (pieces, mut seen) = stream(1_000);
        pieces.send([row("一"), row("a\0b"), row("二")].concat()).unwrap();
        assert!(seen.frame().await.unwrap().is_ok());
        let status = seen.frame().await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("row.subject"), "{}", status.message());
        assert!(seen.frame().await.is_none());
        assert!(seen.wrong.get().is_some());

        let (pieces, mut seen) = stream(10);
        pieces.send(row("too long for this")[..6].to_vec()).unwrap();
        assert_eq!(seen.frame().await.unwrap().unwrap_err().code(), Code::ResourceExhausted);
    }
}
