//! reporting through its gRPC API, fed by events on the real bus.

mod access;
mod interleaving;
mod measures;
mod months;
mod order;
mod owners;
mod plans;
mod rebuild;
mod story;
mod suite;
