//! Connections: how many there may be, how soon they must speak, how old they may grow, and a way to cut one off.

use crate::ConnectionsConfig;
use futures::{Stream, StreamExt as _};
use gongdan_tls::Remote;
use opentelemetry::{KeyValue, metrics::Counter};
use std::{
    collections::HashMap,
    future::Future as _,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

/// What every client sends first: the preface of HTTP/2 has 24 bytes, and no request of HTTP/1 that we answer has fewer.
const FIRST_WORDS: usize = 24;
/// Before accepting again when the machine had nothing to accept with.
const PAUSE: Duration = Duration::from_millis(100);

/// The open connections of a server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Inner>);

struct Inner {
    most: usize,
    per_address: usize,
    begin: Duration,
    end: Duration,
    open: Mutex<Open>,
    refused: Counter<u64>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    cut: HashMap<SocketAddr, CancellationToken>,
}

impl Connections {
    pub(crate) fn new(config: &ConnectionsConfig) -> Self {
        let refused = gongdan_telemetry::meter()
            .u64_counter("gongdan.server.refused_connections")
            .with_unit("{connection}")
            .with_description("Connections closed at once because there were too many")
            .build();
        for limit in ["most", "per_address"] {
            refused.add(0, &[KeyValue::new("limit", limit)]);
        }
        Self(Arc::new(Inner {
            most: config.most.min(most_by_files()).max(1),
            per_address: config.per_address,
            begin: config.begin,
            end: config.age.saturating_add(config.grace),
            open: Mutex::default(),
            refused,
        }))
    }

    /// Of the connections that come in, those that may stay.
    pub(super) fn admit<IO>(
        &self,
        incoming: impl Stream<Item = io::Result<IO>>,
    ) -> impl Stream<Item = io::Result<Admitted<IO>>>
    where
        IO: Connected<ConnectInfo = Remote>,
    {
        let connections = self.clone();
        incoming.filter_map(move |accepted| {
            let connections = connections.clone();
            async move {
                match accepted {
                    Ok(io) => connections.place(io.connect_info().address()).map(|place| {
                        let ends = place.connections.0.end;
                        let begin = sleep(place.connections.0.begin);
                        let cut = Box::pin(place.cut.clone().cancelled_owned());
                        Ok(Admitted { io, cut, clock: Box::pin(begin), heard: 0, ends, _place: place })
                    }),
                    // The listener stays; what is short may be there again after a moment.
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(PAUSE).await;
                        None
                    }
                }
            }
        })
    }

    /// Ends the connection of a peer that does not read what it asked for.
    pub(crate) fn cut(&self, peer: SocketAddr) {
        if let Some(cut) = self.open().cut.get(&peer) {
            cut.cancel();
        }
    }

    fn place(&self, peer: Option<SocketAddr>) -> Option<Place> {
        let mut open = self.open();
        if open.all >= self.0.most {
            self.0.refused.add(1, &[KeyValue::new("limit", "most")]);
            return None;
        }
        let cut = CancellationToken::new();
        if let Some(peer) = peer {
            let here = open.by_address.entry(network(peer.ip())).or_default();
            if self.0.per_address > 0 && *here >= self.0.per_address {
                self.0.refused.add(1, &[KeyValue::new("limit", "per_address")]);
                return None;
            }
            *here += 1;
            open.cut.insert(peer, cut.clone());
        }
        open.all += 1;
        drop(open);
        Some(Place { connections: self.clone(), peer, cut })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Three quarters of the files the process may open; the rest is for databases, the bus and peers.
fn most_by_files() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    files.map_or(usize::MAX, |files| usize::try_from(files / 4 * 3).unwrap_or(usize::MAX))
}

/// Those who share it count as one: a home or a rack has 64 bits of IPv6 to choose from.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// A connection's place among the open ones; given back when dropped.
struct Place {
    connections: Connections,
    peer: Option<SocketAddr>,
    cut: CancellationToken,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.all -= 1;
        let Some(peer) = self.peer else { return };
        open.cut.remove(&peer);
        let network = network(peer.ip());
        if let Some(here) = open.by_address.get_mut(&network) {
            *here -= 1;
            if *here == 0 {
                open.by_address.remove(&network);
            }
        }
    }
}

/// A connection that was let in.
pub(super) struct Admitted<IO> {
    io: IO,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Until it must have spoken, then until it must have ended.
    clock: Pin<Box<Sleep>>,
    heard: usize,
    ends: Duration,
    _place: Place,
}

impl<IO> Admitted<IO> {
    fn is_cut(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        let cut = self.cut.as_mut().poll(cx).is_ready();
        cut.then(|| io::Error::new(io::ErrorKind::ConnectionAborted, "cut off: answers were left unread"))
    }

    fn hear(&mut self, bytes: usize) {
        if self.heard < FIRST_WORDS {
            self.heard += bytes;
            if self.heard >= FIRST_WORDS {
                let ends = Instant::now().checked_add(self.ends);
                self.clock.as_mut().reset(ends.unwrap_or_else(far));
            }
        }
    }
}

/// Where an age in the configuration reaches beyond all time.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(30 * 365 * 24 * 3600)
}

impl<IO: Connected> Connected for Admitted<IO> {
    type ConnectInfo = IO::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.io.connect_info()
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Admitted<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.is_cut(cx) {
            return Poll::Ready(Err(error));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        self.hear(buf.filled().len() - before);
        // What came while the server was busy came in time.
        if polled.is_pending() && self.clock.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the connection's time is over",
            )));
        }
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Admitted<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.is_cut(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.io).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.is_cut(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.is_cut(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
