//! A month of a hotline by the pure code alone: 100,000 tickets, 300 staff with shifts, leave and stand-ins. No capacity
//! is broken, nobody gets anything off duty, load is spread, and every decision says why. Source: R3, R6, R7.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot be set up has failed")]

#[path = "../simulation/mod.rs"]
mod simulation;

use simulation::{Month, Settings};
use std::time::Instant;

#[test]
fn r6_a_month_keeps_capacities_and_duty_and_spreads_the_load() {
    let begun = Instant::now();
    let month = Month::run(&Settings::default());
    println!("{month}");
    println!("in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(month.tickets, 100_000);
    assert_eq!(month.over_capacity, 0);
    assert_eq!(month.off_duty, 0);
    assert_eq!(month.unexplained, 0);
    // Somebody takes nearly all of them; the rest waits in a pool that says why.
    assert!(month.dispatched > 90_000 && month.pooled > 0, "{}", month.dispatched);
    assert_eq!(month.dispatched + month.pooled, month.tickets);
    for unit in &month.units {
        assert!(unit.gini < 0.20 && unit.max_over_mean < 1.8, "{unit:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_month() {
    let settings = Settings { tickets: 3_000, ..Settings::default() };
    let (one, other) = (Month::run(&settings), Month::run(&settings));
    assert_eq!(one.to_string(), other.to_string());
    assert_ne!(one.to_string(), Month::run(&Settings { seed: 2, ..settings }).to_string());
}
