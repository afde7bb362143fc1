//! What routing listens to.

mod batch;
mod counted;
mod escalations;
mod facts;
pub mod forget;
pub mod holdings;
pub mod learn;
mod receivers;
mod staffing;
pub mod tickets;

pub use batch::answered_decision;
pub use facts::facts;
pub use holdings::about;

/// The name under which tickets' events are listened to.
pub const NAME: &str = "routing-tickets";
