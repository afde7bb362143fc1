//! What routing listens to.

mod batch;
mod facts;
mod holdings;
pub mod learn;
mod staffing;
pub mod tickets;

pub use facts::facts;
