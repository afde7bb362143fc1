//! Sends what it is told to, over HTTP/2, and hears what comes.

use crate::shot::{Harm, Shot};
use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::{Code, Status};

/// How long a stream is listened to when its first message does not come.
const LISTEN: Duration = Duration::from_millis(150);
/// How long noise is listened to.
const NOISE: Duration = Duration::from_millis(100);

/// What came back.
pub enum Told {
    /// An answer by gRPC; the message if there was one.
    Status(Status, Option<Bytes>),
    /// A stream began; its first message if there was one.
    Streams(Option<Bytes>),
    /// Refused before gRPC.
    Http(StatusCode),
    /// The connection is gone.
    Lost(String),
    /// Nothing within the time allowed.
    Silent,
    /// Noise: whatever happened to that connection.
    Noise,
}

/// Connections to the suite, one a service.
pub struct Client {
    addresses: BTreeMap<String, String>,
    open: BTreeMap<String, SendRequest<Bytes>>,
}

impl Client {
    /// To services at these addresses: `127.0.0.1:7101`.
    pub fn new(addresses: BTreeMap<String, String>) -> Self {
        Self { addresses, open: BTreeMap::new() }
    }

    /// Sends a request and waits for its answer.
    pub async fn shoot(&mut self, shot: &Shot, patience: Duration) -> (Told, Duration) {
        let begun = Instant::now();
        let told = match tokio::time::timeout(patience, self.told(shot)).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                self.open.remove(shot.server);
                Told::Lost(format!("{error:#}"))
            }
            Err(_) => Told::Silent,
        };
        (told, begun.elapsed())
    }

    async fn told(&mut self, shot: &Shot) -> Result<Told> {
        if shot.harm == Harm::Noise {
            let mut socket = TcpStream::connect(self.address(shot.server)?).await.context("connecting")?;
            // The server may close at any byte.
            let _ = socket.write_all(&shot.body).await;
            let _ = tokio::time::timeout(NOISE, socket.read_to_end(&mut Vec::new())).await;
            return Ok(Told::Noise);
        }
        let requests = self.requests(shot.server).await?;
        let (answer, mut stream) = requests.ready().await?.send_request(request(shot)?, false)?;
        // A server that has refused already may have closed its ear.
        let _ = stream.send_data(Bytes::copy_from_slice(&shot.body), !shot.open);
        let (head, mut body) = answer.await.context("no answer")?.into_parts();
        if let Some(status) = Status::from_header_map(&head.headers) {
            return Ok(Told::Status(status, None));
        }
        if head.status != StatusCode::OK {
            return Ok(Told::Http(head.status));
        }
        let mut whole = BytesMut::new();
        loop {
            let next = body.data();
            let data = if shot.rpc.streams {
                match tokio::time::timeout(LISTEN, next).await {
                    Ok(data) => data,
                    Err(_) => return Ok(Told::Streams(None)),
                }
            } else {
                next.await
            };
            let Some(data) = data else { break };
            let data = data.context("the answer broke off")?;
            body.flow_control().release_capacity(data.len())?;
            whole.extend_from_slice(&data);
            if shot.rpc.streams {
                return Ok(Told::Streams(unframed(whole.freeze())));
            }
        }
        let trailers = body.trailers().await.context("the trailers broke off")?.unwrap_or_default();
        let status = Status::from_header_map(&trailers)
            .or_else(|| web_status(shot, &whole))
            .unwrap_or_else(|| Status::new(Code::Unknown, "an answer without a status"));
        Ok(Told::Status(status, unframed(whole.freeze())))
    }

    fn address(&self, server: &str) -> Result<&str> {
        self.addresses.get(server).map(String::as_str).with_context(|| format!("no address of {server}"))
    }

    async fn requests(&mut self, server: &str) -> Result<SendRequest<Bytes>> {
        if let Some(open) = self.open.get(server) {
            return Ok(open.clone());
        }
        let socket = TcpStream::connect(self.address(server)?).await.context("connecting")?;
        socket.set_nodelay(true)?;
        let (requests, connection) = h2::client::handshake(socket).await.context("the handshake")?;
        // Its end shows at the next request.
        tokio::spawn(connection);
        self.open.insert(server.to_owned(), requests.clone());
        Ok(requests)
    }
}

fn request(shot: &Shot) -> Result<Request<()>> {
    let mut request = Request::post(format!("http://fuzz{}", shot.rpc.path)).body(())?;
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    headers.insert("te", HeaderValue::from_static("trailers"));
    if let Some(token) = &shot.caller.token {
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?);
    }
    for (name, value) in &shot.headers {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value)?);
    }
    Ok(request)
}

/// The first message of a body.
fn unframed(body: Bytes) -> Option<Bytes> {
    let length = u32::from_be_bytes(*body.get(1..5)?.first_chunk()?);
    let end = usize::try_from(length).ok()?.checked_add(5)?;
    (end <= body.len() && body[0] == 0).then(|| body.slice(5..end))
}

/// gRPC-Web has the trailers in the body, as text or as base64 of it.
fn web_status(shot: &Shot, body: &[u8]) -> Option<Status> {
    const HEAD: &[u8] = b"grpc-status:";
    if shot.headers.iter().any(|(_, value)| value == b"application/grpc-web-text") {
        return Some(Status::ok("not looked into"));
    }
    let place = body.windows(HEAD.len()).position(|window| window == HEAD)?;
    let digits = body[place + HEAD.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(Status::new(Code::from_bytes(&digits.copied().collect::<Vec<_>>()), ""))
}
