//! Days off and make-up workdays from an iCalendar file, laid on the week of a calendar that is there. Source: S1,
//! RFC 5545.
//!
//! | In the file | Becomes |
//! |---|---|
//! | an event of whole days | days off, named by `SUMMARY` |
//! | with `X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY`, a category `make-up workday` or 补班, or 补班, 上班, （班） in `SUMMARY` | make-up workdays |
//! | `STATUS:CANCELLED` | nothing |
//! | a year that the base does not know | is known from then on |
//! | a date that the base has as well | as the file says; the base's other dates stay |
//!
//! A file that is broken is refused whole, each fault with its line: lines that are none, components that do not close,
//! events of hours, repeats, days that are off and worked at once, a year of which nothing but its turn is told.

mod content;
mod event;

use crate::{Document, Fault, Faults};
use content::{Property, at};
use event::Days;
use jiff::{ToSpan as _, civil::Date};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most faults that are told.
const MAX_FAULTS: usize = 50;
const LISTS: [&str; 3] = ["days_off", "make_up_workdays", "half_days"];

/// The document of a calendar `key` with the week, windows, zone and regions of `base`, and the days of the file over those
/// of `base`.
///
/// # Errors
/// Every fault: `$:12` is line 12 of the file, `$` the file as a whole; anything else a path of the document that comes of
/// it.
pub fn lay(file: &str, base: &Value, key: &str) -> Result<Value, Vec<Fault>> {
    let mut faults = Faults::default();
    let properties = content::read(file, &mut faults);
    let (events, name) = components(&properties, &mut faults);
    let days = by_date(&events, &mut faults);
    if days.is_empty() && faults.0.is_empty() {
        faults.add("$", "an iCalendar file with at least one event of whole days");
    }
    let mut document = base.clone();
    let Some(fields) = document.as_object_mut() else {
        faults.add("$", "a base calendar that is a document");
        return Err(faults.0);
    };
    let own = fields.get("key").and_then(Value::as_str) == Some(key);
    fields.insert("key".to_owned(), json!(key));
    if let Some(name) = name.filter(|_| !own) {
        fields.insert("name".to_owned(), json!(name));
    }
    let lines = lay_days(fields, &days, &mut faults);
    if faults.0.is_empty()
        && let Err(found) = Document::read(&document.to_string())
    {
        for fault in found {
            let line = lines.iter().find(|(path, _)| {
                fault.field.strip_prefix(path.as_str()).is_some_and(|r| r.starts_with('.'))
            });
            faults.add(line.map_or(fault.field, |(_, line)| at(*line)), fault.rule);
        }
    }
    if faults.0.is_empty() {
        return Ok(document);
    }
    if faults.0.len() > MAX_FAULTS {
        let more = faults.0.len() - MAX_FAULTS;
        faults.0.truncate(MAX_FAULTS);
        faults.add("$", format!("and {more} more faults"));
    }
    Err(faults.0)
}

/// The events of all calendars of the file, and what the first of them is called.
fn components(properties: &[Property], faults: &mut Faults) -> (Vec<Days>, Option<String>) {
    let mut open: Vec<(&Property, usize)> = Vec::new();
    let (mut events, mut name) = (Vec::new(), None);
    for (index, property) in properties.iter().enumerate() {
        match property.name.as_str() {
            "BEGIN" => {
                let is_calendar = property.value.eq_ignore_ascii_case("VCALENDAR");
                if open.is_empty() != is_calendar {
                    faults.add(
                        at(property.line),
                        "BEGIN:VCALENDAR begins a calendar, and everything else is in one",
                    );
                }
                open.push((property, index));
            }
            "END" => match open.pop() {
                Some((begin, from)) if begin.value.eq_ignore_ascii_case(&property.value) => {
                    let is_event = begin.value.eq_ignore_ascii_case("VEVENT") && open.len() == 1;
                    let inside = properties.get(from + 1..index).unwrap_or_default();
                    let is_calendar = open.is_empty();
                    let own = own(inside);
                    if is_event {
                        events.extend(event::read(begin.line, &own, faults));
                    } else if is_calendar
                        && !own.iter().any(|p| p.name == "VERSION" && p.value.trim() == "2.0")
                    {
                        faults.add(at(begin.line), "a calendar has VERSION:2.0");
                    }
                }
                Some((begin, _)) => {
                    faults.add(
                        at(property.line),
                        format!("END:{}, which began on line {}", begin.value, begin.line),
                    );
                    // what is open cannot be told any more
                    return (events, name);
                }
                None => faults.add(at(property.line), "END without BEGIN"),
            },
            _ if open.is_empty() => faults.add(at(property.line), "a file begins with BEGIN:VCALENDAR"),
            "X-WR-CALNAME" | "NAME" if open.len() == 1 => {
                name =
                    name.or(Some(property.text()).filter(|text| (1..=100).contains(&text.chars().count())));
            }
            _ => {}
        }
    }
    for (begin, _) in open {
        faults.add(at(begin.line), format!("BEGIN:{} without END", begin.value));
    }
    (events, name)
}

/// The properties of a component without those of what is in it.
fn own(inside: &[Property]) -> Vec<Property> {
    let mut depth = 0_usize;
    let mut own = Vec::new();
    for property in inside {
        match property.name.as_str() {
            "BEGIN" => depth += 1,
            "END" => depth = depth.saturating_sub(1),
            _ if depth == 0 => own.push(property.clone()),
            _ => {}
        }
    }
    own
}

/// What each date is; the first event that names it counts, and one that says otherwise is a fault.
fn by_date<'a>(events: &'a [Days], faults: &mut Faults) -> BTreeMap<Date, &'a Days> {
    let mut days: BTreeMap<Date, &Days> = BTreeMap::new();
    for event in events {
        for date in event.first.series(1.day()).take_while(|date| *date <= event.last) {
            let known = days.entry(date).or_insert(event);
            if known.worked != event.worked {
                let other = if known.worked { "worked" } else { "off" };
                faults.add(
                    at(event.line),
                    format!("{date} is {other} by line {}: off or worked, not both", known.line),
                );
            }
        }
    }
    days
}

/// Puts the days into the years of a document; answers the line of each path.
fn lay_days(
    document: &mut Map<String, Value>,
    days: &BTreeMap<Date, &Days>,
    faults: &mut Faults,
) -> Vec<(String, usize)> {
    let years = document.entry("years").or_insert(Value::Null);
    if !years.is_object() {
        *years = json!({});
    }
    // what a fault kept from being read may be the rest of the year
    let is_whole = faults.0.is_empty();
    let mut lines = Vec::new();
    let Some(years) = years.as_object_mut() else { return lines };
    for year in days.keys().map(|date| date.year()).collect::<BTreeSet<_>>() {
        let of_year: Vec<_> = days.iter().filter(|(date, _)| date.year() == year).collect();
        let turn = |date: &Date| date.day_of_year() <= 3 || date.day_of_year() > date.days_in_year() - 3;
        if let Some((_, event)) = of_year.first().filter(|_| !years.contains_key(&year.to_string()))
            && is_whole
            && of_year.iter().all(|(date, _)| turn(date))
        {
            let rule = format!("{year} is known by its turn alone: all its days, or none of them");
            faults.add(at(event.line), rule);
        }
        let lists = years.entry(year.to_string()).or_insert_with(|| json!({}));
        let is_told = |entry: &Value| {
            let date = entry.get("date").and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
            date.is_some_and(|date| days.contains_key(&date))
        };
        for list in LISTS {
            if let Some(entries) = lists.get_mut(list).and_then(Value::as_array_mut) {
                entries.retain(|entry| !is_told(entry));
            }
        }
        for (list, name, worked) in [("days_off", "holiday", false), ("make_up_workdays", "for", true)] {
            let own = of_year.iter().filter(|(_, event)| event.worked == worked);
            let own: Vec<_> =
                own.map(|(date, event)| json!({"date": date.to_string(), name: event.name})).collect();
            let Some(lists) = lists.as_object_mut().filter(|_| !own.is_empty()) else { continue };
            let entries = lists.entry(list).or_insert_with(|| json!([]));
            let Some(entries) = entries.as_array_mut() else { continue };
            entries.extend(own);
            entries.sort_by_key(|entry| entry.get("date").map(Value::to_string));
            for (index, entry) in entries.iter().enumerate() {
                let date =
                    entry.get("date").and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
                if let Some(event) = date.and_then(|date| days.get(&date)) {
                    lines.push((format!("years.{year}.{list}[{index}]"), event.line));
                }
            }
        }
    }
    lines
}
