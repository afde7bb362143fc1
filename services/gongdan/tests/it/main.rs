//! The command line without a suite.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod tls;
