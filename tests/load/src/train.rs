//! `train`: what learning which item and unit to suggest takes, by the code that routing trains with: time and memory.
//! Needs no suite.

use crate::{
    options::{Common, TrainOptions},
    output::{self, round},
    texts::{Dice, Texts},
};
use anyhow::Context as _;
use gongdan_classify::{Bag, Settings};
use gongdan_region::RegionCode;
use gongdan_routing_domain::{Lesson, train_suggester};
use serde::Serialize;
use std::{fs, time::Instant};

/// Units that cover the one region.
const UNITS: usize = 20;

/// The result, one JSON line.
#[derive(Serialize)]
struct Trained {
    scenario: &'static str,
    tickets: usize,
    items: usize,
    units: usize,
    /// Counting the words of all tickets.
    read_s: f64,
    /// Learning, with each of five parts held out in turn.
    learn_s: f64,
    /// What the process has more of at the most than before the first ticket was read.
    peak_mb: f64,
    peak_kb_per_ticket: f64,
    weights_mb: f64,
    items_top1: f64,
}

/// Trains once.
pub(crate) fn run(common: &Common, options: &TrainOptions) -> anyhow::Result<()> {
    let (tickets, items) = (usize::try_from(options.tickets)?, usize::try_from(options.items)?);
    let texts = Texts::new();
    let region = RegionCode::parse("440106")?;
    let before_kb = peak_kb()?;
    let begun = Instant::now();
    let lessons: Vec<Lesson> = (0..tickets).map(|n| lesson(&texts, n, items, region)).collect();
    let read_s = begun.elapsed().as_secs_f64();
    let covering: Vec<String> = (0..UNITS).map(unit).collect();
    let begun = Instant::now();
    let (suggester, judged) =
        train_suggester(lessons, &|_| covering.clone(), &Settings::default(), &mut |_, _| true)?;
    let learn_s = begun.elapsed().as_secs_f64();
    let peak_kb = peak_kb()? - before_kb;
    let (known, _) = suggester.classes();
    #[allow(clippy::cast_precision_loss, reason = "sizes of a run are far below 2^52")]
    let figures = Trained {
        scenario: "train",
        tickets,
        items: known,
        units: UNITS,
        read_s: round(read_s),
        learn_s: round(learn_s),
        peak_mb: round(peak_kb / 1024.0),
        peak_kb_per_ticket: round(peak_kb / tickets as f64),
        weights_mb: round(suggester.to_bytes().len() as f64 / (1024.0 * 1024.0)),
        items_top1: round(judged.items.top1),
    };
    output::print(common.output, &figures)
}

fn unit(n: usize) -> String {
    format!("unit.{n:02}")
}

/// A request of as many words as people write, some of which its item's requests have more often than others.
fn lesson(texts: &Texts, n: usize, items: usize, region: RegionCode) -> Lesson {
    let serial = u64::try_from(n).unwrap_or_default();
    let mut dice = Dice::new(serial ^ 0x7261_696e);
    let item = dice.below(items);
    let (mut subject, body) = texts.request(serial);
    for _ in 0..2 {
        // Of the rarest words, eight are an item's own.
        let rank = (item * 8 + dice.below(8)) % texts.len();
        subject.push_str(texts.ranked(texts.len() - 1 - rank));
    }
    Lesson {
        bag: Bag::of(&subject, &body),
        item: format!("大类{}/小类{item}", item % 8),
        unit_id: unit(item % UNITS),
        region,
    }
}

/// The most that this process ever had resident, in kB.
fn peak_kb() -> anyhow::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.split_whitespace().next().context("VmHWM")?.parse()?)
}
