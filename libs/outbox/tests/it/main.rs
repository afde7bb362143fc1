//! The outbox on a real PostgreSQL and a real bus, both private to this run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod consumer;
mod env;
mod event_server;
mod gaps;
mod poison;
mod random;
mod relay;
mod trouble;
