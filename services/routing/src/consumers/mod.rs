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

pub use facts::facts;
pub use holdings::about;
