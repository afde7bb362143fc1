//! A client that does what no decent client does.

use super::Running;
use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::{HeaderMap, Request, StatusCode};
use tokio::{net::TcpStream, task::JoinHandle};
use tonic::Status;

pub(super) const GET_MATRIX: &str = "/gongdan.tickets.v1.PriorityService/GetPriorityMatrix";
pub(super) const REPLAY: &str = "/gongdan.common.v1.EventService/ReplayEvents";

/// One connection, and the task that drives it until it ends.
pub(super) struct Raw {
    pub(super) requests: SendRequest<Bytes>,
    pub(super) connection: JoinHandle<Result<(), h2::Error>>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) http: StatusCode,
    pub(super) grpc: Option<Status>,
}

impl Raw {
    /// With a window of so many bytes for each answer.
    pub(super) async fn connect(running: &Running, window: u32) -> Self {
        let socket = TcpStream::connect(running.grpc).await.unwrap();
        let (requests, connection) =
            Builder::new().initial_window_size(window).handshake(socket).await.unwrap();
        Self { requests, connection: tokio::spawn(connection) }
    }

    pub(super) fn request(path: &str, headers: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::post(format!("http://test{path}"));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
    }

    /// Sends headers, then the body if there is one; without, the request stays open.
    pub(super) async fn send(&mut self, request: Request<()>, body: Option<&[u8]>) -> Open {
        let mut requests = self.requests.clone().ready().await.unwrap();
        let (answer, mut stream) = requests.send_request(request, false).unwrap();
        if let Some(body) = body {
            stream.send_data(Bytes::copy_from_slice(body), true).unwrap();
        }
        Open { answer, _stream: stream }
    }

    pub(super) async fn call(&mut self, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Told {
        self.send(Self::request(path, headers), Some(body)).await.told().await
    }
}

/// A call that goes on.
pub(super) struct Open {
    pub(super) answer: ResponseFuture,
    _stream: h2::SendStream<Bytes>,
}

impl Open {
    pub(super) async fn told(self) -> Told {
        let (head, mut body) = self.answer.await.unwrap().into_parts();
        while let Some(data) = body.data().await {
            let length = data.unwrap().len();
            body.flow_control().release_capacity(length).unwrap();
        }
        let trailers = body.trailers().await.unwrap();
        Told { http: head.status, grpc: status(trailers.as_ref().unwrap_or(&head.headers)) }
    }
}

pub(super) fn status(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers)
}

/// A message in its frame.
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    frame
}
