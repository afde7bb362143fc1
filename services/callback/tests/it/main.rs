//! callback through its gRPC API and the events it hears and says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod attempts;
mod bad_input;
mod configuration;
mod contact;
mod customers;
mod desk;
mod past;
mod personal;
mod plans;
mod queue;
mod rounds;
mod scope;
mod suite;
