//! What happens without being asked.

pub mod bootstrap;
pub mod send_again;
