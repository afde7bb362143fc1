//! Whether two shifts are ever at the same time.

use super::Shift;
use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Time},
    tz::TimeZone,
};

/// Two shifts are at the same time: the day the first begins on, and the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash(pub Date, pub Date);

/// A Monday, where two patterns without dates are looked at.
const ANY_MONDAY: Date = jiff::civil::date(2026, 1, 5);
/// The longest distance between the days two shifts begin on that can meet: both may go past midnight, and their zones
/// may be a day apart.
const REACH: i32 = 2;
const DAY: i64 = 24 * 3600;
/// From here on clocks count that are never put forward or back.
const SINCE: i64 = 946_684_800;

/// The first days on which they are at the same time, if ever. A shift does not clash with itself.
///
/// Hours and weekdays are compared first: where these can never meet, as with most pairs, no day is looked at.
#[must_use]
pub fn clash(one: (&Shift, &TimeZone), other: (&Shift, &TimeZone)) -> Option<Clash> {
    let mut weekly = !one.0.weekdays.is_empty() && !other.0.weekdays.is_empty();
    if let (Some(own), Some(its)) = (offset(one.1), offset(other.1)) {
        let (hours, its_hours) = (Hours::of(one.0, own), Hours::of(other.0, its));
        if !hours.meet(its_hours, DAY) {
            return None;
        }
        weekly = weekly && weekdays_meet((one.0, hours), (other.0, its_hours));
    }
    single_days(one.0, other.0)
        .chain(weekly.then(|| weekly_days(one.0, other.0)).into_iter().flatten())
        .filter(|day| one.0.occurs(*day))
        .find_map(|day| on(day, one, other))
}

/// The clash of one on a day with whatever of the other is near it.
fn on(day: Date, one: (&Shift, &TimeZone), other: (&Shift, &TimeZone)) -> Option<Clash> {
    let mut window = None;
    (-REACH..=REACH)
        .filter_map(|distance| day.checked_add(distance.days()).ok())
        .filter(|near| other.0.occurs(*near))
        .find(|near| {
            let mine = *window.get_or_insert_with(|| one.0.window(day, one.1));
            let its = mine.and_then(|_| other.0.window(*near, other.1));
            mine.zip(its).is_some_and(|(mine, its)| mine.meets(&its))
        })
        .map(|near| Clash(day, near))
}

/// Days near a date of either.
fn single_days(one: &Shift, other: &Shift) -> impl Iterator<Item = Date> {
    let near = other
        .dates
        .iter()
        .flat_map(|date| (-REACH..=REACH).filter_map(|distance| date.checked_add(distance.days()).ok()));
    one.dates.iter().copied().chain(near)
}

/// Days of the weekly pattern of the first: if the patterns ever meet, they do so on one of these.
fn weekly_days(one: &Shift, other: &Shift) -> impl Iterator<Item = Date> + use<> {
    let first = one.first_day.max(other.first_day);
    let last = match (one.last_day, other.last_day) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    // Two weeks, and one more for each day that is left out: by then the pattern has shown itself whole.
    let left_out = i32::try_from(one.except.len() + other.except.len()).unwrap_or(i32::MAX);
    let length = left_out.saturating_add(2).saturating_mul(7);
    let begin = match (first, last) {
        (Some(first), _) => first.saturating_sub(REACH.days()),
        (None, Some(last)) => last.saturating_sub((length - REACH).days()),
        (None, None) => ANY_MONDAY,
    };
    let over = last.map(|last| last.saturating_add(REACH.days()));
    (0..length)
        .map_while(move |ahead| begin.checked_add(ahead.days()).ok())
        .take_while(move |day| over.is_none_or(|over| *day <= over))
}

/// Seconds that a zone is ahead of UTC, if its clocks are not put forward or back.
fn offset(zone: &TimeZone) -> Option<i64> {
    let since = Timestamp::from_second(SINCE).ok()?;
    let fixed = zone.following(since).next().is_none();
    fixed.then(|| i64::from(zone.to_offset(since).seconds()))
}

/// Hours of a shift in UTC: seconds from the midnight of the day it begins on.
#[derive(Debug, Clone, Copy)]
struct Hours {
    start: i64,
    length: i64,
}

impl Hours {
    fn of(shift: &Shift, offset: i64) -> Self {
        let second = |time: Time| {
            i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
        };
        let (start, end) = (second(shift.start), second(shift.end));
        let length = if end <= start { end + DAY - start } else { end - start };
        Self { start: start - offset, length }
    }

    /// Whether they have an instant in common when both come again each `cycle`.
    fn meet(self, other: Self, cycle: i64) -> bool {
        let ahead = (other.start - self.start).rem_euclid(cycle);
        ahead < self.length || cycle - ahead < other.length
    }

    fn on(self, weekday: u8) -> Self {
        Self { start: self.start + i64::from(weekday) * DAY, ..self }
    }
}

/// Whether the weekly patterns have an instant in common, whenever they begin and end.
fn weekdays_meet(one: (&Shift, Hours), other: (&Shift, Hours)) -> bool {
    one.0.weekdays.iter().any(|day| {
        let hours = one.1.on(*day);
        other.0.weekdays.iter().any(|its| hours.meet(other.1.on(*its), 7 * DAY))
    })
}
