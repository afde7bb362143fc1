//! reporting through its gRPC API, fed by events on the real bus.
#![allow(clippy::unwrap_used, reason = "helpers of tests: what cannot be is a failed test")]

mod access;
mod interleaving;
mod joined;
mod measures;
mod months;
mod order;
mod owners;
mod plans;
mod rebuild;
mod story;
mod suite;
