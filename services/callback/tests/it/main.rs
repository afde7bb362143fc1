//! callback through its gRPC API and the events it hears and says.

mod attempts;
mod bad_input;
mod configuration;
mod contact;
mod customers;
mod desk;
mod past;
mod plans;
mod queue;
mod rounds;
mod suite;
