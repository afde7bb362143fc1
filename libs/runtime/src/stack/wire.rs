//! What is no gRPC is refused, and what the transport says about a request it cannot read is put into our own words: the
//! caller's fault is none of ours, and every refusal has a reason.

use super::{Answer, AnswerFuture};
use gongdan_errors::Error;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use std::{
    convert::Infallible,
    task::{Context, Poll},
};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const DETAILS: &str = "grpc-status-details-bin";

#[derive(Clone, Copy)]
pub(crate) struct WireLayer;

impl<S> Layer<S> for WireLayer {
    type Service = Wire<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Wire { inner }
    }
}

#[derive(Clone)]
pub(crate) struct Wire<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for Wire<S>
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
        if let Some(refused) = refused(request.method(), request.headers()) {
            return Box::pin(async move { Ok(refused) });
        }
        let inner = self.inner.call(request);
        Box::pin(async move {
            let mut response = inner.await?;
            if response.headers().contains_key(STATUS) {
                let headers = std::mem::take(response.headers_mut());
                *response.headers_mut() = in_our_words(headers);
            }
            Answer::Ok(response)
        })
    }
}

/// As gRPC over HTTP/2 asks: by HTTP status, because who calls so reads no other.
fn refused(method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
    let status = if method != Method::POST {
        StatusCode::METHOD_NOT_ALLOWED
    } else if !is_grpc(headers) {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else {
        return None;
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    Some(response)
}

/// `application/grpc` or `application/grpc+proto`, parameters or none behind it.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/grpc") || kind.eq_ignore_ascii_case("application/grpc+proto")
}

/// Every status of ours has details. One without them is the transport's own.
fn in_our_words(mut headers: HeaderMap) -> HeaderMap {
    if headers.contains_key(DETAILS) {
        return headers;
    }
    let Some(status) = Status::from_header_map(&headers) else { return headers };
    let error = match status.code() {
        Code::Internal | Code::Unknown => {
            Error::unreadable(format!("the request cannot be read: {}", status.message()))
        }
        Code::OutOfRange => Error::too_large(format!("the request is too large: {}", status.message())),
        Code::Unimplemented => Error::unimplemented(match status.message() {
            "" => "the service has no such method".to_owned(),
            said => said.to_owned(),
        }),
        _ => return headers,
    };
    headers.remove(MESSAGE);
    headers.extend(trailers(Status::from(error)));
    headers
}

/// A status as trailers.
pub(super) fn trailers(status: Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        // Only a message that no header can hold; ours are percent-encoded.
        trailers.insert(STATUS, header::HeaderValue::from(i32::from(Code::Internal)));
    }
    trailers
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt as _;

    fn heard(status: Status) -> Status {
        Status::from_header_map(&in_our_words(trailers(status))).unwrap()
    }

    #[test]
    fn a_request_that_the_transport_cannot_read_is_the_callers_fault() {
        let said = heard(Status::internal("failed to decode Protobuf message: buffer underflow"));
        assert_eq!(said.code(), Code::InvalidArgument);
        assert!(said.message().contains("buffer underflow"), "{said}");
        assert_eq!(said.get_details_error_info().unwrap().reason, "MESSAGE_UNREADABLE");
        let said = heard(Status::out_of_range("decoded message length too large"));
        assert_eq!(said.code(), Code::ResourceExhausted);
        let said = heard(Status::unimplemented(""));
        assert_eq!(said.get_details_error_info().unwrap().reason, "METHOD_UNKNOWN");
    }

    #[test]
    fn our_own_words_stay() {
        let ours = heard(Status::from(Error::internal("a bug")));
        assert_eq!(ours.code(), Code::Internal);
        assert_eq!(heard(Status::not_found("no such service")).code(), Code::NotFound);
        assert_eq!(heard(Status::ok("")).code(), Code::Ok);
    }

    #[test]
    fn only_posted_grpc_is_grpc() {
        for (kind, is) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc; charset=utf-8", true),
            ("application/grpc+json", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            assert_eq!(refused(&Method::POST, &headers).is_none(), is, "{kind}");
            assert_eq!(refused(&Method::GET, &headers).unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
        }
        assert!(refused(&Method::POST, &HeaderMap::new()).is_some());
    }
}
