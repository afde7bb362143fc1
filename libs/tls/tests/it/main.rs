//! Handshakes that succeed and handshakes that do not, over sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod handshake;
mod reload;
mod sections;
mod support;
