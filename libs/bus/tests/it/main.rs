//! The bus with a real nats-server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod pull;
