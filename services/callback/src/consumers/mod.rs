//! What callback listens to.

pub mod tickets;
