//! The sla service through its API and its events.

mod calendars;
mod clocks;
mod imports;
mod policies;
mod preview;
mod suite;
mod timers;
