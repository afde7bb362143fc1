//! Routing through its gRPC API and its events.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bootstrap;
mod decisions;
mod explain;
mod organisation;
mod plans;
mod rules;
mod support;
mod unanswered;
