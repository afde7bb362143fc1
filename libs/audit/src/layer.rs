//! The layer before the authentication door: sees each call begin and end.

use crate::{
    body::Counted,
    call::{CALL, Call},
    peer::peer,
    pending::Pending,
    writer::Inner,
};
use gongdan_errors::{Code, Error};
use gongdan_proto::{
    METHODS, Method,
    common::v1::{AuditLevel, AuditStage},
};
use http::{HeaderMap, Request, Response};
use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
    time::Duration,
};
use tonic::{Status, body::Body};
use tonic_types::StatusExt as _;
use tower::{Layer, Service};

static BY_PATH: LazyLock<HashMap<&'static str, &'static Method>> =
    LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Makes an entry of each call of the suite's contracts, as its RPC's option says. Stands before the door.
#[derive(Clone)]
pub struct AuditLayer(Arc<Inner>);

impl AuditLayer {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self(inner)
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = AuditService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuditService { audit: self.0.clone(), inner }
    }
}

/// A service before which an [`AuditLayer`] stands.
#[derive(Clone)]
pub struct AuditService<S> {
    audit: Arc<Inner>,
    inner: S,
}

impl<S> Service<Request<Body>> for AuditService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        // Health and reflection are none of ours, and what is not there was neither read nor changed.
        let Some(method) = BY_PATH.get(request.uri().path()) else {
            return Box::pin(inner.call(request));
        };
        let audit = self.audit.clone();
        Box::pin(async move {
            let call = Arc::new(Call::new(method, audit.failing.clone()));
            let pending = Pending {
                at: audit.clock.now(),
                peer: peer(request.extensions(), request.headers(), &audit.config.trusted_proxies),
                // The span of the call is entered only in here.
                trace_id: gongdan_telemetry::trace_id(request.headers()).unwrap_or_default(),
                audit,
                call: call.clone(),
                stage: AuditStage::Call,
                code: None,
                reason: String::new(),
                messages: 0,
                owed: true,
            };
            request.extensions_mut().insert(call.clone());
            let answer = match CALL.scope(call, inner.call(request)).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            Ok(answered(pending, answer).await)
        })
    }
}

/// Makes the entry of an answered call; of a stream, that it began.
async fn answered(mut pending: Pending, answer: Response<Body>) -> Response<Body> {
    let audit = pending.audit.clone();
    let code = answer.headers().get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()));
    let level = pending.level(code.unwrap_or(Code::Ok));
    match code.unwrap_or(Code::Ok) {
        Code::Ok if level == AuditLevel::None => pending.owed = false,
        Code::Ok => {
            let is_stream = pending.call.method.streams && code.is_none();
            let entry = if is_stream { pending.begun() } else { pending.entry(Code::Ok) };
            if level == AuditLevel::Personal {
                if !audit.commit(entry).await {
                    pending.owed = false;
                    return unavailable();
                }
            } else {
                audit.send(entry);
            }
            if is_stream {
                return answer.map(|inner| Body::new(Counted::new(inner, pending)));
            }
        }
        Code::Unauthenticated => {
            pending.owed = false;
            audit.metrics.unauthenticated();
            tracing::warn!(method = pending.call.method.path, peer = ?pending.peer, "a call without a good credential");
        }
        refused if level == AuditLevel::None && refused != Code::PermissionDenied => pending.owed = false,
        refused => {
            pending.refused(answer.extensions());
            pending.reason = reason(answer.headers());
            let entry = pending.entry(refused);
            audit.send(entry);
        }
    }
    answer
}

/// `ErrorInfo.reason` of a refusal.
fn reason(headers: &HeaderMap) -> String {
    let status = Status::from_header_map(headers);
    let info = status.and_then(|status| status.get_details_error_info());
    info.map(|info| info.reason).unwrap_or_default()
}

/// Nothing personal leaves without its entry.
pub(crate) fn unavailable() -> Response<Body> {
    Status::from(away()).into_http()
}

/// The log cannot be written.
pub(crate) fn away() -> Error {
    Error::unavailable("the audit log cannot be written", RETRY_AFTER)
}
