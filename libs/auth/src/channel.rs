//! Calls to other services: with our token and our caller's, in the caller's trace, within the caller's deadline.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use gongdan_tls::{ClientTls, ConnectFailed};
use http::{Request, Response};
use tonic::{
    Status,
    body::Body,
    codegen::StdError,
    transport::{Channel, Endpoint},
};
use tower::Service;

use crate::{
    caller::{CALLER_HEADER, caller},
    deadline::{header_value, parse_header, remaining},
    token_source::TokenSource,
};

const GRPC_TIMEOUT: &str = "grpc-timeout";

/// A channel whose calls carry a bearer token, that of the caller being served, `traceparent`, and what is left of the
/// deadline of the call being served.
#[derive(Clone)]
pub struct AuthChannel {
    channel: Channel,
    token: TokenSource,
}

impl AuthChannel {
    /// On a channel that is there.
    #[must_use]
    pub fn new(channel: Channel, token: TokenSource) -> Self {
        Self { channel, token }
    }

    /// To an address such as `http://127.0.0.1:7101`; connects when first used, and again after a loss.
    /// An answer's headers must come within `timeout`; a stream may go on for longer.
    ///
    /// # Errors
    /// When the address is none.
    pub fn lazy(uri: &str, timeout: Duration, token: TokenSource) -> Result<Self, ConnectFailed> {
        Self::lazy_over(uri, timeout, token, None)
    }

    /// The same, over TLS where the address is `https://…`.
    ///
    /// # Errors
    /// When the address is none, or is `https://…` and there is no TLS.
    pub fn lazy_over(
        uri: &str,
        timeout: Duration,
        token: TokenSource,
        tls: Option<&ClientTls>,
    ) -> Result<Self, ConnectFailed> {
        let tune = |endpoint: Endpoint| {
            endpoint
                .connect_timeout(Duration::from_secs(3))
                .timeout(timeout)
                .tcp_nodelay(true)
                .http2_keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(10))
        };
        Ok(Self::new(gongdan_tls::connect(uri, tls, tune)?, token))
    }
}

impl Service<Request<Body>> for AuthChannel {
    type Response = Response<Body>;
    type Error = StdError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.channel, cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let next = self.channel.clone();
        let mut channel = std::mem::replace(&mut self.channel, next);
        gongdan_telemetry::inject(request.headers_mut());
        pass_deadline_on(&mut request);
        if let Some(caller) = caller() {
            request.headers_mut().insert(CALLER_HEADER, caller);
        }
        let token = self.token.clone();
        Box::pin(async move {
            let value = token.authorization().await.map_err(|why| {
                tracing::warn!(error = %why, "no token to call with");
                Box::new(Status::unavailable("no token to call another service with"))
            })?;
            request.headers_mut().insert(http::header::AUTHORIZATION, value);
            Ok(channel.call(request).await?)
        })
    }
}

/// The shorter of what the request asks for and what is left to its caller.
fn pass_deadline_on(request: &mut Request<Body>) {
    let Some(left) = remaining() else { return };
    let asked = request.headers().get(GRPC_TIMEOUT).and_then(parse_header);
    if asked.is_none_or(|asked| asked > left)
        && let Some(value) = header_value(left)
    {
        request.headers_mut().insert(GRPC_TIMEOUT, value);
    }
}
