//! What an answer may be.

use crate::{
    client::Told,
    shot::{Harm, Shot},
};
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What is wrong with an answer; none if it is what it should be.
pub fn fault(shot: &Shot, told: &Told, took: Duration, deadline: Duration) -> Option<String> {
    match told {
        Told::Silent => Some(format!("no answer for {took:?}")),
        Told::Lost(error) => Some(format!("the connection is lost: {error}")),
        Told::Status(status, _) => wrong(shot, status).or_else(|| late(shot, took, deadline)),
        // Refused before gRPC: wrong content types and headers beyond their limit.
        Told::Http(status) if shot.harm == Harm::Headers && status.is_client_error() => None,
        Told::Http(status) => Some(format!("HTTP status {status}")),
        Told::Streams(_) | Told::Noise => None,
    }
}

fn late(shot: &Shot, took: Duration, deadline: Duration) -> Option<String> {
    (took > shot.patience(deadline)).then(|| format!("an answer after {took:?}"))
}

fn wrong(shot: &Shot, status: &Status) -> Option<String> {
    let name = gongdan_errors::code_name(status.code());
    let bad = match status.code() {
        Code::Internal | Code::Unknown | Code::DataLoss | Code::Unavailable | Code::Cancelled => true,
        Code::DeadlineExceeded => !shot.is_hasty(),
        _ => false,
    };
    if bad {
        return Some(format!("{name}: {}", status.message()));
    }
    // Health and reflection are not ours to word.
    if status.code() == Code::Ok || !shot.rpc.path.starts_with("/gongdan.") || is_web(shot) {
        return None;
    }
    let details = status.get_error_details();
    let Some(info) = details.error_info() else {
        return Some(format!("{name} without a reason: {}", status.message()));
    };
    let fields = details.bad_request().map_or(&[][..], |bad| &bad.field_violations);
    let unnamed =
        info.reason == "INVALID_REQUEST" && (fields.is_empty() || fields.iter().any(|f| f.field.is_empty()));
    unnamed.then(|| format!("{name} without a field: {}", status.message()))
}

/// Its details are in the body, which is not looked into.
fn is_web(shot: &Shot) -> bool {
    shot.headers.iter().any(|(_, value)| value.starts_with(b"application/grpc-web"))
}

/// When to send the request again, for an answer that says so.
pub fn passes_by_waiting(told: &Told) -> Option<Duration> {
    match told {
        Told::Status(status, _) if status.code() == Code::Unavailable => {
            status.get_details_retry_info().and_then(|info| info.retry_delay)
        }
        _ => None,
    }
}

/// How the report counts an answer.
pub fn class(told: &Told) -> String {
    match told {
        Told::Status(status, _) => gongdan_errors::code_name(status.code()).to_owned(),
        Told::Streams(_) => "stream".to_owned(),
        Told::Http(status) => format!("HTTP {}", status.as_u16()),
        Told::Lost(_) => "lost".to_owned(),
        Told::Silent => "silent".to_owned(),
        Told::Noise => "noise".to_owned(),
    }
}
