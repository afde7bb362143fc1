//! Days off and make-up workdays of a file's events.

use super::content::{Property, at};
use crate::Faults;
use jiff::{ToSpan as _, civil::Date};

/// The longest event, in days.
const MAX_DAYS: i32 = 366;
const MAX_NAME: usize = 100;
/// What is not read: an event stands for the dates it names.
const REPEATS: [&str; 4] = ["RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"];

/// Days off, or make-up workdays in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    /// Where `DTSTART` stands.
    pub(super) line: usize,
    pub(super) first: Date,
    /// Included.
    pub(super) last: Date,
    pub(super) name: String,
    pub(super) worked: bool,
}

/// Reads the properties between `BEGIN:VEVENT` on `line` and its end. Nothing for one that was cancelled.
pub(super) fn read(line: usize, properties: &[Property], faults: &mut Faults) -> Option<Days> {
    let one = |name: &str, faults: &mut Faults| {
        let mut found = properties.iter().filter(|property| property.name == name);
        let first = found.next();
        if let Some(second) = found.next() {
            faults.add(at(second.line), format!("{name} stands once in an event"));
        }
        first
    };
    if one("STATUS", faults).is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED")) {
        return None;
    }
    for property in properties.iter().filter(|property| REPEATS.contains(&property.name.as_str())) {
        faults.add(
            at(property.line),
            format!("{} is not read: an event for each stretch of days", property.name),
        );
    }
    let Some(start) = one("DTSTART", faults) else {
        faults.add(at(line), "an event has DTSTART");
        return None;
    };
    let first = date(start, faults);
    let (end, duration) = (one("DTEND", faults), one("DURATION", faults));
    let after = match (end, duration) {
        (Some(_), Some(duration)) => {
            faults.add(at(duration.line), "DTEND or DURATION, not both");
            None
        }
        (Some(end), None) => date(end, faults).map(|date| (end.line, date)),
        (None, Some(duration)) => {
            let days = days(&duration.value);
            if days.is_none() {
                faults.add(at(duration.line), "DURATION of whole days or weeks: P1D, P2W");
            }
            first
                .zip(days)
                .and_then(|(first, days)| Some((duration.line, first.checked_add(days.days()).ok()?)))
        }
        (None, None) => first.and_then(|first| Some((start.line, first.tomorrow().ok()?))),
    };
    let (name, worked) = meaning(one("SUMMARY", faults), properties, faults);
    let (first, (line, after)) = (first?, after?);
    if after <= first {
        faults.add(at(line), "DTEND is the day after the last, so later than DTSTART");
        return None;
    }
    if first.until(after).is_ok_and(|span| span.get_days() > MAX_DAYS) {
        faults.add(at(line), format!("an event of at most {MAX_DAYS} days"));
        return None;
    }
    let last = after.yesterday().ok()?;
    if first.year() < 1950 || last.year() > 2149 {
        faults.add(at(start.line), "a year from 1950 to 2149");
        return None;
    }
    Some(Days { line: start.line, first, last, name, worked })
}

/// `20270101`, or its midnight by the clock on the wall.
fn date(property: &Property, faults: &mut Faults) -> Option<Date> {
    let text = property.value.strip_suffix("T000000").unwrap_or(&property.value);
    let is_plain = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let is_date = property.param("VALUE").is_none_or(|value| ["DATE", "DATE-TIME"].contains(&value));
    let date = (is_plain && is_date).then(|| Date::strptime("%Y%m%d", text).ok()).flatten();
    if date.is_none() {
        faults.add(at(property.line), format!("{} is a whole day: YYYYMMDD", property.name));
    }
    date
}

fn days(text: &str) -> Option<i32> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i32 = number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok()).flatten()?;
    match unit {
        "D" => Some(number),
        "W" => number.checked_mul(7),
        _ => None,
    }
    .filter(|days| (0..=MAX_DAYS + 1).contains(days))
}

/// The holiday's name, and whether the days are worked for it: by `X-APPLE-SPECIAL-DAY`, else by `CATEGORIES`, else by the
/// marks that calendars of China put into the summary.
fn meaning(summary: Option<&Property>, properties: &[Property], faults: &mut Faults) -> (String, bool) {
    const OFF: [&str; 2] = ["（休）", "(休)"];
    const WORKED: [&str; 7] =
        ["（班）", "(班)", "调休上班", "补班", "上班", "make-up workday", "makeup workday"];
    let whole = summary.map(Property::text).unwrap_or_default();
    let mut name = whole.clone();
    for mark in OFF.into_iter().chain(WORKED) {
        name = without(&name, mark);
    }
    if name.chars().count() > MAX_NAME {
        let line = summary.map_or(1, |property| property.line);
        faults.add(at(line), format!("SUMMARY of at most {MAX_NAME} characters"));
    }
    let lower = whole.to_lowercase();
    let by_summary = WORKED.iter().any(|mark| lower.contains(mark)) && !lower.contains("不上班");
    let special = properties.iter().find(|property| property.name == "X-APPLE-SPECIAL-DAY");
    let worked = match special.map(|special| (special.value.as_str(), special.line)) {
        Some(("WORK-HOLIDAY", _)) => false,
        Some(("ALTERNATE-WORKDAY", _)) => true,
        Some((_, line)) => {
            faults.add(at(line), "X-APPLE-SPECIAL-DAY is WORK-HOLIDAY or ALTERNATE-WORKDAY");
            false
        }
        None => by_category(properties).unwrap_or(by_summary),
    };
    (name, worked)
}

fn by_category(properties: &[Property]) -> Option<bool> {
    let categories = properties.iter().filter(|property| property.name == "CATEGORIES");
    categories.flat_map(|property| property.value.split(',')).find_map(|category| {
        match category.trim().to_lowercase().as_str() {
            "make-up workday" | "makeup workday" | "workday" | "补班" | "调休上班" | "上班" => {
                Some(true)
            }
            "holiday" | "holidays" | "day off" | "放假" | "休" => Some(false),
            _ => None,
        }
    })
}

/// A text without a mark, whatever the mark's case.
fn without(text: &str, mark: &str) -> String {
    let found = text.char_indices().find(|(index, _)| {
        text.get(*index..index + mark.len()).is_some_and(|part| part.eq_ignore_ascii_case(mark))
    });
    match found {
        Some((index, _)) => {
            let (before, rest) = text.split_at(index);
            let after = rest.get(mark.len()..).unwrap_or_default();
            format!("{} {}", before.trim(), after.trim()).trim().to_owned()
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_days() {
        assert_eq!(["P1D", "P3D", "+P2W", "P366D"].map(days), [Some(1), Some(3), Some(14), Some(366)]);
        for text in ["", "P", "PD", "P1", "PT24H", "P1DT1H", "-P1D", "P1M", "P9999999999D", "P1年"] {
            assert_eq!(days(text), None, "{text:?}");
        }
    }
}
