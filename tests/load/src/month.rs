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
    /// Decisions that break a capacity, give something to somebody off duty, or do not say why: none, else it fails.
    over_capacity: usize,
    off_duty: usize,
    unexplained: usize,
    explanation_bytes_each: usize,
    /// Of tickets a person among the mates of a crew, by the unit's crews: of all units, and of the worst.
    mean_gini: f64,
    worst_gini: f64,
    /// The most a person had over the mean of their crew, of the worst.
    worst_max_over_mean: f64,
    seconds: f64,
}

/// Lives through it.
pub(crate) fn run(common: &Common) -> anyhow::Result<()> {
    let settings = Settings::default();
    let begun = Instant::now();
    let month = Month::run(&settings);
    let worst = |of: fn(&Spread) -> f64| month.units.iter().map(of).fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "ten units")]
    let mean_gini = month.units.iter().map(|unit| unit.gini).sum::<f64>() / month.units.len() as f64;
    anyhow::ensure!(
        (month.over_capacity, month.off_duty, month.unexplained) == (0, 0, 0)
            && month.dispatched + month.pooled == month.tickets,
        "something that must hold does not: {month}"
    );
    let figures = Figures {
        scenario: "month",
        tickets: month.tickets,
        staff: settings.staff,
        dispatched: month.dispatched,
        pooled: month.pooled,
        over_capacity: month.over_capacity,
        off_duty: month.off_duty,
        unexplained: month.unexplained,
        explanation_bytes_each: month.explanation_bytes / month.tickets.max(1),
        mean_gini: thousandths(mean_gini),
        worst_gini: thousandths(worst(|unit| unit.gini)),
        worst_max_over_mean: round(worst(|unit| unit.max_over_mean)),
        seconds: round(begun.elapsed().as_secs_f64()),
    };
    output::print(common.output, &figures)
}

fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
