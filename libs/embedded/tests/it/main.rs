//! Real servers, started and stopped.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod lifecycle;
