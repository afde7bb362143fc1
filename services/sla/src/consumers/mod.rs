//! What the service does with the events of others; one file a source.

pub(crate) mod acts;
pub(crate) mod response;
mod tickets;

pub use tickets::TicketClocksHandler;
