//! What is refused, as callers see it.

use gongdan_errors::{Error, Reason};

/// The endpoint is not there.
pub fn webhook_not_found() -> Error {
    Error::not_found(Reason::WebhookNotFound, "no webhook of this id")
}

/// The delivery is not there.
pub fn delivery_not_found() -> Error {
    Error::not_found(Reason::DeliveryNotFound, "no delivery of this id")
}

/// There is nothing to send again.
pub fn delivery_done(state: &str) -> Error {
    Error::precondition(Reason::DeliveryDone, "only a delivery that was given up or waits can be sent again")
        .with("state", state)
}

/// The caller's etag is not the present one.
pub fn etag_mismatch() -> Error {
    Error::aborted(Reason::EtagMismatch, "the webhook changed since it was read: read it again")
}
