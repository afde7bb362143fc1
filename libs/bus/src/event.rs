//! An event as it travels.

use crate::subject::event_type;
use bytes::Bytes;
use gongdan_proto::{common::v1 as pb, from_timestamp, to_timestamp};
use jiff::Timestamp;
use uuid::Uuid;

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It happened in this suite.
    Live,
    /// It was recorded from the past: nobody is told, nothing is routed.
    Import,
}

impl Origin {
    /// As rows keep it; equal to the number in the contract.
    #[must_use]
    pub const fn as_i16(self) -> i16 {
        match self {
            Self::Live => 1,
            Self::Import => 2,
        }
    }

    /// From a row.
    #[must_use]
    pub const fn from_i16(value: i16) -> Option<Self> {
        match value {
            1 => Some(Self::Live),
            2 => Some(Self::Import),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Import => "import",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "live" => Some(Self::Live),
            "import" => Some(Self::Import),
            _ => None,
        }
    }
}

/// A fact about one aggregate. Source: DESIGN rule 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// UUIDv7; also the bus's message id.
    pub id: Uuid,
    /// The service that owns it: `tickets`.
    pub source: String,
    /// Its short type: `submitted`. See [`Event::full_type`].
    pub kind: String,
    /// The aggregate it belongs to.
    pub aggregate_id: Uuid,
    /// +1 per event of the aggregate, from 1, without gaps.
    pub version: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Live or import.
    pub origin: Origin,
    /// Subject without the root: `tickets.v1.submitted.44.01.06.17`.
    pub subject: String,
    /// W3C trace context of the act, or of the span that published it.
    pub traceparent: Option<String>,
    /// The protobuf message.
    pub payload: Bytes,
}

impl Event {
    /// CloudEvents `type`: `gongdan.tickets.v1.submitted`.
    #[must_use]
    pub fn full_type(&self) -> String {
        event_type(&self.source, &self.kind)
    }

    /// Whether it tells of the past: see [`Origin::Import`].
    #[must_use]
    pub fn is_import(&self) -> bool {
        self.origin == Origin::Import
    }

    /// The payload as its message.
    ///
    /// # Errors
    /// When the bytes are not such a message.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, prost::DecodeError> {
        M::decode(self.payload.as_ref())
    }

    /// For a gRPC answer or a row; `root` is put in front of the subject.
    #[must_use]
    pub fn to_proto(&self, root: &str) -> pb::Event {
        pb::Event {
            id: self.id.to_string(),
            source: format!("/gongdan/{}", self.source),
            r#type: self.full_type(),
            aggregate_id: self.aggregate_id.to_string(),
            version: self.version,
            occurred_at: Some(to_timestamp(self.occurred_at)),
            recorded_at: Some(to_timestamp(self.recorded_at)),
            origin: i32::from(self.origin.as_i16()),
            subject: format!("{root}.{}", self.subject),
            traceparent: self.traceparent.clone().unwrap_or_default(),
            payload: self.payload.clone(),
        }
    }

    /// From a gRPC answer or a row.
    ///
    /// # Errors
    /// Names the attribute that is missing or wrong.
    pub fn from_proto(event: pb::Event) -> Result<Self, crate::NotAnEvent> {
        use crate::NotAnEvent as Bad;
        let source = event.source.strip_prefix("/gongdan/").ok_or(Bad("source"))?.to_owned();
        let kind = event.r#type.rsplit('.').next().filter(|k| !k.is_empty()).ok_or(Bad("type"))?.to_owned();
        let instant = |at: Option<prost_types::Timestamp>, name| {
            at.as_ref().and_then(|at| from_timestamp(at).ok()).ok_or(Bad(name))
        };
        if event.version < 1 {
            return Err(Bad("version"));
        }
        Ok(Self {
            id: event.id.parse().map_err(|_| Bad("id"))?,
            aggregate_id: event.aggregate_id.parse().map_err(|_| Bad("aggregate_id"))?,
            version: event.version,
            occurred_at: instant(event.occurred_at, "occurred_at")?,
            recorded_at: instant(event.recorded_at, "recorded_at")?,
            origin: i16::try_from(event.origin).ok().and_then(Origin::from_i16).ok_or(Bad("origin"))?,
            subject: event.subject.split_once('.').map(|(_, rest)| rest.to_owned()).ok_or(Bad("subject"))?,
            traceparent: Some(event.traceparent).filter(|t| !t.is_empty()),
            payload: event.payload,
            source,
            kind,
        })
    }
}
