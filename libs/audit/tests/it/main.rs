//! The audit log with a real database, behind a real door.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod append_only;
mod calls;
mod chain;
mod lists;
mod retention;
mod suite;
mod trouble;
