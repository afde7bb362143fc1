//! What the service does with the events of others; one file a source.

mod tickets;

pub use tickets::TicketClocksHandler;
