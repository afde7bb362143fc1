//! Routing through its gRPC API and its events.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bootstrap;
mod citizens;
mod decisions;
mod erased;
mod explain;
mod full;
mod imports;
mod organisation;
mod plans;
mod r10_capacity;
mod r10_crash;
mod r10_reassign;
mod r10_refusals;
mod r10_scope;
mod r10_sensitive;
mod r10_trouble;
mod r10_words;
mod r1_dated;
mod r1_dated_areas;
mod r1_findings;
mod r3_changes;
mod r3_duty;
mod r5_direct;
mod r5_scope;
mod r6_fill;
mod r6_strategies;
mod r8_first_receiver;
mod r9_pools;
mod rule_sets;
mod rules;
mod scope;
mod simulation;
mod suggest;
mod support;
mod unanswered;
