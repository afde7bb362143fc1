//! Reading events of other services. Reporting publishes none.

use crate::error::Unreadable;
use jiff::Timestamp;
use uuid::Uuid;

/// What must be there.
pub(crate) fn required<T>(value: Option<T>, field: &'static str) -> Result<T, Unreadable> {
    value.ok_or(Unreadable::field(field))
}

/// An id.
pub(crate) fn uuid(text: &str, field: &'static str) -> Result<Uuid, Unreadable> {
    text.parse().map_err(|_| Unreadable::field(field))
}

/// An instant that may be absent.
pub(crate) fn instant(
    at: Option<&prost_types::Timestamp>,
    field: &'static str,
) -> Result<Option<Timestamp>, Unreadable> {
    at.map(|at| gongdan_proto::from_timestamp(at).map_err(|_| Unreadable::field(field))).transpose()
}
