//! Malformed and mutated requests for every RPC of a suite of real processes, and what the servers make of them.
//!
//! Each request is made from the seed and its own number, from the contract's descriptors: values at the boundaries,
//! values that are real at the moment, values that are nonsense, and bytes and frames that are none. Whatever comes, an
//! answer has to be a refusal with a reason or a good answer: never a fault of the server, never silence.

#![allow(clippy::expect_used, clippy::panic, reason = "a tool of tests fails the test")]

mod caller;
mod client;
mod contract;
mod corpus;
mod judge;
mod memory;
mod message;
mod pool;
mod report;
mod run;
mod seed;
mod shot;
mod text;

pub use report::Report;
pub use run::{Options, run};
