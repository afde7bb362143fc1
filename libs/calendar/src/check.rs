//! What a calendar must not be once its layers lie on each other: without working time ahead, or with a shift over
//! midnight that runs into the next day's.

use crate::{
    Faults, Window,
    days::{date_at, index_of},
    document::{Document, Layer, Special, WEEKDAYS},
    table::Plan,
};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

/// Most days in a row without working time.
pub(super) const MAX_REST: usize = 366;

const OVERLAP: &str = "begins before the window of the day before ends";

/// Weeks in which nothing is worked or shifts overlap, and make-up workdays without windows.
pub(super) fn working_weeks(document: &Document, faults: &mut Faults) {
    let regions =
        document.regions.iter().map(|region| (format!("regions[{}].", region.index), &region.layer));
    for (owner, layer) in [(String::new(), &document.base)].into_iter().chain(regions) {
        if let Some(week) = &layer.week {
            check_week(&format!("{owner}week"), week, faults);
        }
        if layer.make_up.as_ref().is_some_and(Vec::is_empty) {
            let rule = "at least one window; without the field those of the first working weekday count";
            faults.add(format!("{owner}make_up_windows"), rule);
        }
    }
}

/// A week, each day against the next.
fn check_week(path: &str, week: &[Vec<Window>; 7], faults: &mut Faults) {
    let next = week.iter().cycle().skip(1);
    let names = WEEKDAYS.iter().cycle().skip(1);
    for ((day, next), name) in week.iter().zip(next).zip(names) {
        if overlap(day, next) {
            faults.add(format!("{path}.{name}[0]"), OVERLAP);
        }
    }
    if week.iter().all(Vec::is_empty) {
        faults.add(path, "at least one weekday has windows");
    }
}

/// Days of their own against their neighbours, nationally and in each region.
pub(super) fn overlaps(document: &Document, faults: &mut Faults) {
    let known = overlaps_of("", &[&document.base], &BTreeSet::new(), faults);
    for region in &document.regions {
        overlaps_of(&format!("regions[{}]", region.index), &document.layers(region.range), &known, faults);
    }
}

fn overlaps_of(
    owner: &str,
    layers: &[&Layer],
    known: &BTreeSet<usize>,
    faults: &mut Faults,
) -> BTreeSet<usize> {
    let plan = Plan::of(layers);
    let seconds: BTreeSet<usize> = plan.special_days().flat_map(|index| [index, index + 1]).collect();
    let mut found = BTreeSet::new();
    for second in seconds {
        let first = second.saturating_sub(1);
        if !overlap(plan.windows(first), plan.windows(second)) || known.contains(&second) {
            continue;
        }
        found.insert(second);
        let own = layers
            .last()
            .into_iter()
            .flat_map(|layer| [(second, 0), (first, 1)].map(|(day, side)| (layer, day, side)));
        let path = own.filter_map(|(layer, day, side)| path_of(layer, date_at(day), side)).next();
        let path = path.unwrap_or_else(|| format!("{owner}.week").trim_start_matches('.').to_owned());
        let (first, second) = (date_at(first), date_at(second));
        faults.add(path, format!("the windows of {first} and {second} do not overlap"));
    }
    found
}

/// The path of a day's first or last window.
fn path_of(layer: &Layer, date: Date, side: usize) -> Option<String> {
    let path = layer.paths.get(&date)?;
    Some(match layer.days.get(&date)? {
        Special::Half { windows, .. } => {
            format!("{path}.windows[{}]", side * windows.len().saturating_sub(1))
        }
        Special::Off { .. } | Special::MakeUp { .. } => format!("{path}.date"),
    })
}

fn overlap(day: &[Window], next: &[Window]) -> bool {
    matches!((day.last(), next.first()), (Some(last), Some(first)) if first.from < last.over())
}

/// Working time is never more than a year away, nationally and in each region.
pub(super) fn working_time_ahead(document: &Document, faults: &mut Faults) {
    if rests(&[&document.base], "years", faults) {
        return;
    }
    for region in &document.regions {
        rests(&document.layers(region.range), &format!("regions[{}].years", region.index), faults);
    }
}

/// Adds a fault for the first stretch of rest that is too long.
fn rests(layers: &[&Layer], path: &str, faults: &mut Faults) -> bool {
    let plan = Plan::of(layers);
    let days: Vec<usize> = plan.special_days().collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
    // beyond them the week goes on as it is, and a week is worked somewhere
    let to = (last + 8).min(index_of(date(2149, 12, 31)));
    let mut rest = 0;
    for index in first.saturating_sub(7)..=to {
        rest = if plan.windows(index).is_empty() { rest + 1 } else { 0 };
        if rest > MAX_REST {
            let (from, to) = (date_at(index - MAX_REST), date_at(index));
            let year = layers
                .last()
                .and_then(|layer| layer.days.range(from..=to).next())
                .map_or_else(|| from.year(), |(date, _)| date.year());
            faults.add(
                format!("{path}.{year}"),
                format!("no working time from {from} to {to}: at most {MAX_REST} days in a row are without"),
            );
            return true;
        }
    }
    false
}
