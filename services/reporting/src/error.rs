//! What can go wrong here, as codes and reasons.

use gongdan_bus::Event;
use gongdan_outbox::ApplyError;

/// An event's payload is not what its type promises; it will not get better by trying again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The bytes are no such message.
    #[error("the payload is no message of its type: {0}")]
    Payload(#[from] prost::DecodeError),
    /// A field is missing or wrong.
    #[error("the payload's {0} is missing or wrong")]
    Field(&'static str),
}

impl Unreadable {
    pub(crate) const fn field(name: &'static str) -> Self {
        Self::Field(name)
    }

    pub(crate) fn poisons(self, event: &Event) -> ApplyError {
        ApplyError::Poison { event_id: event.id, reason: self.to_string() }
    }
}
