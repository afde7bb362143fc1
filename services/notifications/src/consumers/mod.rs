//! What notifications listens to.

mod tell;

pub mod sla;
pub mod tickets;
pub mod units;
