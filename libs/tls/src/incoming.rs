//! Connections of a server, each after its handshake.

use crate::{Remote, ServerTls, certificate::Certificate};
use futures::Stream;
use opentelemetry::metrics::Counter;
use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Sleep,
};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at once; more connections wait in the socket's queue.
const HANDSHAKES: usize = 1024;
/// After the system refused to accept: what it lacks, such as file descriptors, comes back by itself.
const PAUSE: Duration = Duration::from_millis(50);

/// Connections of a listener. Handshakes go on side by side; one that fails is logged and counted, and is nobody else's
/// trouble.
pub struct Incoming {
    listener: TcpListener,
    tls: Option<ServerTls>,
    handshakes: JoinSet<Option<Connection>>,
    refused: Counter<u64>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    /// Over TLS, or in plaintext without.
    #[must_use]
    pub fn new(listener: TcpListener, tls: Option<ServerTls>) -> Self {
        let refused = gongdan_telemetry::meter()
            .u64_counter("gongdan.tls.refused_handshakes")
            .with_unit("{handshake}")
            .with_description("Connections that ended before their TLS handshake did")
            .build();
        refused.add(0, &[]);
        Self { listener, tls, handshakes: JoinSet::new(), refused, pause: None }
    }
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match this.handshakes.poll_join_next(cx) {
                Poll::Ready(Some(Ok(Some(connection)))) => return Poll::Ready(Some(Ok(connection))),
                Poll::Ready(Some(_)) => {
                    this.refused.add(1, &[]);
                    continue;
                }
                Poll::Ready(None) | Poll::Pending => {}
            }
            if this.handshakes.len() >= HANDSHAKES {
                return Poll::Pending;
            }
            if let Some(pause) = this.pause.as_mut() {
                if pause.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.pause = None;
            }
            match this.listener.poll_accept(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    this.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
                }
                Poll::Ready(Ok((stream, address))) => {
                    // Small messages must not wait for more; where it cannot be set they only come later.
                    let _ = stream.set_nodelay(true);
                    let remote = Remote::new(Some(address), stream.local_addr().ok());
                    match &this.tls {
                        None => return Poll::Ready(Some(Ok(Connection { io: Io::Plain(stream), remote }))),
                        Some(tls) => {
                            this.handshakes.spawn(shake_hands(tls.clone(), stream, address, remote));
                        }
                    }
                }
            }
        }
    }
}

async fn shake_hands(
    tls: ServerTls,
    stream: TcpStream,
    address: SocketAddr,
    remote: Remote,
) -> Option<Connection> {
    let shaken = tokio::time::timeout(HANDSHAKE, tls.acceptor().accept(stream)).await;
    let refused =
        |why: &dyn std::fmt::Display| tracing::info!(%address, error = %why, "TLS handshake refused");
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            refused(&error);
            return None;
        }
        Err(late) => {
            refused(&late);
            return None;
        }
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let remote = match shown.map(|leaf| Certificate::parse(leaf)) {
        None => remote,
        Some(Ok(certificate)) => remote.with_names(certificate.names),
        Some(Err(why)) => {
            refused(&why);
            return None;
        }
    };
    Some(Connection { io: Io::Tls(Box::new(stream)), remote })
}

/// A connection that calls come over.
pub struct Connection {
    io: Io,
    remote: Remote,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connected for Connection {
    type ConnectInfo = Remote;

    fn connect_info(&self) -> Remote {
        self.remote.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
