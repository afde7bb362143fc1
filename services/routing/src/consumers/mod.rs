//! What routing listens to.

mod batch;
mod facts;
pub mod learn;
pub mod tickets;

pub use facts::facts;
