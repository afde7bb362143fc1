//! The command line without a suite.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod client;
mod offline;
mod secrets;
mod tls;
