//! notifications through the events it hears, its gRPC API, and what real servers receive from it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod bad_input;
mod confidential;
mod dedupe;
mod email;
mod erased;
mod handling;
mod imports;
mod inbox;
mod live;
mod names;
mod outbound;
mod plans;
mod receiver;
mod records;
mod sensitive;
mod smtp;
mod suite;
mod supervised;
mod tickets;
mod webhooks;
