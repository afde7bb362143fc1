//! The sla service through its API and its events.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendars;
mod clocks;
mod imports;
mod plans;
mod policies;
mod preview;
mod records;
mod s10_schedules;
mod s10_tickets;
mod s1_icalendar;
mod s1_looks_ahead;
mod s1_over_midnight;
mod s3_response_and_accept;
mod s7_ticket_changes;
mod s8_explain;
mod scope;
mod suite;
mod timers;
