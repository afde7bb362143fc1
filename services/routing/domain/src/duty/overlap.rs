//! Whether two shifts are ever at the same time.

use super::Shift;
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use std::collections::BTreeSet;

/// Two shifts are at the same time: the day the first begins on, and the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash(pub Date, pub Date);

/// A Monday, where two patterns without dates are looked at.
const ANY_MONDAY: Date = jiff::civil::date(2026, 1, 5);
/// The longest distance between the days two shifts begin on that can meet: both may go past midnight, and their zones
/// may be a day apart.
const REACH: i32 = 2;

/// The first days on which they are at the same time, if ever. A shift does not clash with itself.
#[must_use]
pub fn clash(one: (&Shift, &TimeZone), other: (&Shift, &TimeZone)) -> Option<Clash> {
    days(one.0, other.0).into_iter().filter(|day| one.0.occurs(*day)).find_map(|day| {
        let window = one.0.window(day, one.1)?;
        (-REACH..=REACH)
            .filter_map(|distance| day.checked_add(distance.days()).ok())
            .filter(|near| other.0.occurs(*near))
            .find(|near| other.0.window(*near, other.1).is_some_and(|its| its.meets(&window)))
            .map(|near| Clash(day, near))
    })
}

/// Days of the first that have to be looked at: if they ever clash, they do so on one of these.
fn days(one: &Shift, other: &Shift) -> BTreeSet<Date> {
    let mut days = one.dates.clone();
    for date in &other.dates {
        days.extend((-REACH..=REACH).filter_map(|distance| date.checked_add(distance.days()).ok()));
    }
    if one.weekdays.is_empty() || other.weekdays.is_empty() {
        return days;
    }
    let first = one.first_day.max(other.first_day);
    let last = match (one.last_day, other.last_day) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    // Two weeks, and one more for each day that is left out: by then the pattern has shown itself whole.
    let weeks = 2 + i32::try_from(one.except.len() + other.except.len()).unwrap_or(i32::MAX).min(200);
    let length = weeks * 7;
    let begin = match (first, last) {
        (Some(first), _) => first.saturating_sub(REACH.days()),
        (None, Some(last)) => last.saturating_sub((length - REACH).days()),
        (None, None) => ANY_MONDAY,
    };
    days.extend((0..length).filter_map(|ahead| begin.checked_add(ahead.days()).ok()));
    days
}
