//! What notifications does by itself.

pub mod deliver;
pub mod feed;
pub mod retention;
