//! A stream of answers, whose messages are counted.

use crate::pending::Pending;
use bytes::Bytes;
use gongdan_errors::Code;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};

/// What gRPC puts before each message: a flag, and four bytes of length.
const PREFIX: usize = 5;

/// Counts messages by their prefixes, wherever frames cut them.
#[derive(Debug, Default)]
struct Messages {
    count: u64,
    prefix: [u8; PREFIX],
    /// Bytes of the prefix that were seen.
    seen: usize,
    /// Bytes of the message that are still to come.
    left: usize,
}

impl Messages {
    fn see(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let skipped = self.left.min(data.len());
            self.left -= skipped;
            data = data.get(skipped..).unwrap_or_default();
            while self.left == 0 && self.seen < PREFIX {
                let Some((byte, rest)) = data.split_first() else { return };
                if let Some(place) = self.prefix.get_mut(self.seen) {
                    *place = *byte;
                }
                self.seen += 1;
                data = rest;
            }
            if self.seen == PREFIX {
                let [_, a, b, c, d] = self.prefix;
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                self.seen = 0;
                self.count += 1;
            }
        }
    }
}

/// The body of a stream; its entry is made when it is dropped, with what was seen.
pub(crate) struct Counted {
    inner: Body,
    messages: Messages,
    pending: Pending,
}

impl Counted {
    pub(crate) fn new(inner: Body, pending: Pending) -> Self {
        Self { inner, messages: Messages::default(), pending }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            if let Some(data) = frame.data_ref() {
                self.messages.see(data);
                self.pending.messages = self.messages.count;
            } else if let Some(status) = frame.trailers_ref().and_then(|trailers| trailers.get("grpc-status"))
            {
                self.pending.code = Some(Code::from_bytes(status.as_bytes()));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_however_frames_cut_them() {
        let mut bytes = Vec::new();
        for length in [0_u8, 1, 7, 200, 0] {
            bytes.extend([0, 0, 0, 0, length]);
            bytes.extend(std::iter::repeat_n(0xff, usize::from(length)));
        }
        for size in 1..=bytes.len() {
            let mut messages = Messages::default();
            for frame in bytes.chunks(size) {
                messages.see(frame);
            }
            assert_eq!(messages.count, 5, "frames of {size}");
        }
    }
}
