//! Helpers of the whole-suite tests: a suite of real processes, a desk of real clients, and waits on conditions.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of tests fails the test")]

pub mod desk;
pub mod endpoint;
pub mod eventually;
pub mod media;
pub mod organisation;
pub mod otlp;
pub mod past;
pub mod search;
pub mod spelling;
pub mod suite;
