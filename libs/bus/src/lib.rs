//! The bus: NATS JetStream streams of facts, CloudEvents 1.0 in binary mode. Source: X1, DESIGN rules 2 and 9.
//!
//! Streams are transport, not storage: the owner's event log is the truth.

mod config;
mod connection;
mod dead;
mod envelope;
mod event;
mod forget;
mod pull;
mod stream;
mod subject;

pub use async_nats::{
    self, HeaderMap,
    jetstream::{self, AckKind},
};
pub use config::BusConfig;
pub use connection::{Bus, BusError};
pub use dead::DeadReport;
pub use envelope::{NotAnEvent, from_headers, to_headers};
pub use event::{Event, Origin};
pub use forget::Sent;
pub use pull::Pull;
pub use stream::StreamState;
pub use subject::{bucket, event_type, subject};
