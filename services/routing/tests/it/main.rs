//! Routing through its gRPC API and its events.

mod bootstrap;
mod decisions;
mod explain;
mod organisation;
mod plans;
mod rules;
mod support;
mod unanswered;
