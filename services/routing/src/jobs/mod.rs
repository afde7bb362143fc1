//! What happens without being asked.

pub mod bootstrap;
pub mod learn;
pub mod send_again;
pub mod train;
mod words;
