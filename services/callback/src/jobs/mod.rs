//! What happens without being asked.

pub mod watch_queue;
