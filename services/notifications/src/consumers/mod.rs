//! What notifications listens to.

pub(crate) mod handling;
mod tell;

pub mod sla;
pub mod tickets;
pub mod units;
