//! The contracts of `proto/` as Rust types, clients and servers, and the descriptors for reflection.
//!
//! `gongdan_proto::tickets::v1::ticket_service_client::TicketServiceClient` is the client of
//! `gongdan.tickets.v1.TicketService`, and so on for each.

#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::unwrap_used, clippy::expect_used)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/gongdan.rs"));
}

mod changes;
mod methods;
mod text;
mod time;

pub use changes::CHANGES;
pub use generated::gongdan::*;
pub use methods::{METHODS, Method, method};
pub use text::nul_in_text;
pub use time::{InvalidTimestamp, from_timestamp, to_timestamp};

/// The encoded `FileDescriptorSet` of all contracts, imports and comments included; what reflection serves.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
