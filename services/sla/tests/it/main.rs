//! The sla service through its API and its events.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendars;
mod clocks;
mod imports;
mod plans;
mod policies;
mod preview;
mod records;
mod scope;
mod suite;
mod timers;
