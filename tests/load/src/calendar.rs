//! `calendar`: due times and working times a second on one core, by the code that sla counts with. Needs no suite.

use crate::{
    options::Common,
    output::{self, round},
};
use anyhow::Context as _;
use gongdan_calendar::{Amount, Table, national};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Working days to the close and to the same time, working and clock hours.
const AMOUNTS: [&str; 8] = ["1wd", "5wd", "15wd", "3wdt", "30wm", "8wh", "40wh", "24h"];
const STARTS: i64 = 4_096;

/// The result, one JSON line.
#[derive(Serialize)]
struct Figures {
    scenario: &'static str,
    /// Of all amounts in turn.
    due_per_second: f64,
    /// Working time between two instants up to three years apart.
    elapsed_per_second: f64,
    /// What it costs to make a calendar ready to count, once a version.
    ready_ms: f64,
}

/// Counts on one core.
pub(crate) fn run(common: &Common) -> anyhow::Result<()> {
    let begun = Instant::now();
    let table = national().table(None);
    let ready = begun.elapsed();
    let amounts: Vec<Amount> = AMOUNTS.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    // three years, in an order that follows nothing
    let begin: Timestamp = "2024-01-01T00:00:00+08:00".parse()?;
    let starts: Vec<Timestamp> =
        (0..STARTS).map(|n| begin + SignedDuration::from_secs(n * n * 7_919 % 94_608_000)).collect();
    check(table, &starts, &amounts)?;

    let length = Duration::from_secs(common.seconds.into()) / 2;
    let due = rate(length, || {
        for start in &starts {
            for amount in &amounts {
                black_box(table.due(*start, *amount)?);
            }
        }
        Ok(starts.len() * amounts.len())
    })?;
    let elapsed = rate(length, || {
        for pair in starts.windows(2) {
            if let [from, to] = pair {
                black_box(table.working_between(*from.min(to), *from.max(to))?);
            }
        }
        Ok(starts.len() - 1)
    })?;
    output::print(
        common.output,
        &Figures {
            scenario: "calendar",
            due_per_second: due.round(),
            elapsed_per_second: elapsed.round(),
            ready_ms: round(ready.as_secs_f64() * 1_000.0),
        },
    )
}

/// What is counted is right: working time from start to due is the amount.
fn check(table: &Table, starts: &[Timestamp], amounts: &[Amount]) -> anyhow::Result<()> {
    for start in starts {
        for amount in amounts {
            let due = table.due(*start, *amount).with_context(|| format!("{start} + {amount}"))?;
            if let Amount::Working { seconds } = amount {
                let worked = table.working_between(*start, due)?.as_secs();
                anyhow::ensure!(worked == i64::from(*seconds), "{start} + {amount} is due {due}: {worked} s");
            }
        }
    }
    Ok(())
}

/// Rounds of calls until the time is over: calls a second.
fn rate(length: Duration, mut round: impl FnMut() -> anyhow::Result<usize>) -> anyhow::Result<f64> {
    let (mut calls, began) = (0_usize, Instant::now());
    while began.elapsed() < length {
        calls += round()?;
    }
    #[allow(clippy::cast_precision_loss, reason = "fewer than 2^52 calls")]
    Ok(calls as f64 / began.elapsed().as_secs_f64())
}
