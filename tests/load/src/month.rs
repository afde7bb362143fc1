//! `month`: a simulated month of a hotline by routing's pure code: capacities, duty, how even the load is. Needs no suite.

#[allow(clippy::unwrap_used, reason = "the same file is a test of the domain; what it is made from is fixed")]
#[path = "../../../services/routing/domain/simulation/mod.rs"]
mod simulation;

use crate::{
    options::Common,
    output::{self, round},
};
use serde::Serialize;
use simulation::{Month, Settings, Spread};
use std::time::Instant;

/// The result, one JSON line.
#[derive(Serialize)]
struct Figures {
    scenario: &'static str,
    tickets: usize,
    staff: usize,
    dispatched: usize,
    pooled: usize,
    over_capacity: usize,
    off_duty: usize,
    unexplained: usize,
    worst_gini: f64,
    worst_max_over_mean: f64,
    seconds: f64,
}

/// Lives through it.
pub(crate) fn run(common: &Common) -> anyhow::Result<()> {
    let settings = Settings::default();
    let begun = Instant::now();
    let month = Month::run(&settings);
    let worst = |of: fn(&Spread) -> f64| month.units.iter().map(of).fold(0.0, f64::max);
    let figures = Figures {
        scenario: "month",
        tickets: month.tickets,
        staff: settings.staff,
        dispatched: month.dispatched,
        pooled: month.pooled,
        over_capacity: month.over_capacity,
        off_duty: month.off_duty,
        unexplained: month.unexplained,
        worst_gini: worst(|unit| unit.gini),
        worst_max_over_mean: round(worst(|unit| unit.max_over_mean)),
        seconds: round(begun.elapsed().as_secs_f64()),
    };
    output::print(common.output, &figures)
}
