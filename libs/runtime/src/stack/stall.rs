//! An answer that its reader leaves lying is given up: what stands behind it, a task, a channel, a share, is let go; the
//! stream ends with RESOURCE_EXHAUSTED should it be read after all, and after as long again its connection is cut off.
//!
//! The transport asks for the next piece of an answer when the one before has gone into the reader's window. Nobody polls
//! an answer that is not asked for, so each is looked at from outside; and pieces are small, so that who reads slowly is
//! seen to read.

use super::{Answer, AnswerFuture, remote, wire};
use crate::{ServerConfig, server::Connections};
use bytes::Bytes;
use gongdan_errors::{Error, Reason};
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use opentelemetry::metrics::Counter;
use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// Of an answer that waits for the service, not for its reader.
const ASKED: u64 = 0;
/// The largest piece handed to the transport at once.
const PIECE: usize = 16 * 1024;

#[derive(Clone)]
pub(crate) struct StallLayer(Arc<Answers>);

/// Every answer that has begun and not ended.
struct Answers {
    patience: Duration,
    max_answer_bytes: usize,
    began: Instant,
    connections: Connections,
    open: Mutex<HashMap<u64, Arc<Lying>>>,
    next: AtomicU64,
    given_up: Counter<u64>,
}

/// An answer between its service and its reader.
struct Lying {
    /// When its reader was given the last part and asked for no other: milliseconds after the server began, or `ASKED`.
    since: AtomicU64,
    /// None when it was given up.
    inner: Mutex<Option<Rest>>,
    peer: Option<SocketAddr>,
}

/// What is still to be handed on: of the present part, and of the answer.
struct Rest {
    part: Bytes,
    answer: Body,
}

impl StallLayer {
    /// Looks at the answers until the server is gone.
    pub(crate) fn start(config: &ServerConfig, connections: Connections) -> Self {
        let patience = config.connections.reader_patience;
        let given_up = gongdan_telemetry::meter()
            .u64_counter("gongdan.server.stalled_answers")
            .with_unit("{call}")
            .with_description("Answers given up because they were left unread")
            .build();
        given_up.add(0, &[]);
        let answers = Arc::new(Answers {
            patience,
            max_answer_bytes: config.max_answer_bytes,
            began: Instant::now(),
            connections,
            open: Mutex::default(),
            next: AtomicU64::new(0),
            given_up,
        });
        tokio::spawn(look(Arc::downgrade(&answers), patience / 4));
        Self(answers)
    }
}

async fn look(answers: Weak<Answers>, every: Duration) {
    loop {
        tokio::time::sleep(every.max(Duration::from_millis(10))).await;
        let Some(answers) = answers.upgrade() else { return };
        answers.give_up();
    }
}

impl Answers {
    /// Milliseconds since the server began, never `ASKED`.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Lying>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_up(&self) {
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        let now = self.now();
        let stalled: Vec<_> = self
            .open()
            .values()
            .filter_map(|lying| {
                let since = lying.since.load(Ordering::Acquire);
                let for_millis = now.saturating_sub(since);
                (since != ASKED && for_millis > patience).then(|| (Arc::clone(lying), for_millis))
            })
            .collect();
        for (lying, for_millis) in stalled {
            if lying.inner().take().is_some() {
                self.given_up.add(1, &[]);
                tracing::info!(peer = ?lying.peer, "an answer was left unread and is given up");
            } else if for_millis > patience.saturating_mul(2)
                && let Some(peer) = lying.peer
            {
                self.connections.cut(peer);
            }
        }
    }
}

impl Lying {
    fn inner(&self) -> MutexGuard<'_, Option<Rest>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for StallLayer {
    type Service = Stall<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Stall { answers: Arc::clone(&self.0), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Stall<S> {
    answers: Arc<Answers>,
    inner: S,
}

impl<S> Service<Request<Body>> for Stall<S>
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
        let peer = remote(request.extensions());
        let answers = Arc::clone(&self.answers);
        let inner = self.inner.call(request);
        Box::pin(async move {
            let response = inner.await?;
            // A refusal is all headers: there is nothing to leave lying.
            if response.body().is_end_stream() {
                return Ok(response);
            }
            Answer::Ok(response.map(|answer| {
                let inner = Mutex::new(Some(Rest { part: Bytes::new(), answer }));
                let lying = Arc::new(Lying { since: AtomicU64::new(answers.now()), inner, peer });
                let id = answers.next.fetch_add(1, Ordering::Relaxed);
                answers.open().insert(id, Arc::clone(&lying));
                Body::new(Read { answers, id, lying, ended: false })
            }))
        })
    }
}

/// What the transport reads.
struct Read {
    answers: Arc<Answers>,
    id: u64,
    lying: Arc<Lying>,
    ended: bool,
}

impl Drop for Read {
    fn drop(&mut self) {
        self.answers.open().remove(&self.id);
    }
}

impl Rest {
    fn poll(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.part.is_empty() {
            match Pin::new(&mut self.answer).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    // Each message is one part, or shares one with small ones.
                    Ok(part) if part.len() > most => {
                        return Poll::Ready(Some(Ok(Frame::trailers(too_large(most)))));
                    }
                    Ok(part) => self.part = part,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return other,
            }
        }
        let piece = self.part.split_to(self.part.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl HttpBody for Read {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let polled = match self.lying.inner().as_mut() {
            Some(rest) => rest.poll(cx, self.answers.max_answer_bytes),
            None => Poll::Ready(Some(Ok(Frame::trailers(too_slow(self.answers.patience))))),
        };
        let since = if polled.is_pending() { ASKED } else { self.answers.now() };
        self.lying.since.store(since, Ordering::Release);
        self.ended = matches!(&polled, Poll::Ready(Some(Ok(frame))) if frame.is_trailers());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended
            || self
                .lying
                .inner()
                .as_ref()
                .is_some_and(|rest| rest.part.is_empty() && rest.answer.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn too_slow(patience: Duration) -> HeaderMap {
    let error = Error::exhausted(Reason::ReaderTooSlow, "the answer was left unread for too long", patience);
    wire::trailers(Status::from(error))
}

fn too_large(most: usize) -> HeaderMap {
    wire::trailers(Error::too_large(format!("the answer is larger than {most} bytes: ask for less")).into())
}
