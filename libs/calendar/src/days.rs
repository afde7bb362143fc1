//! The days of a time zone as instants, so that questions about dates need no conversion of zones.

use crate::{OutOfRange, Window};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time, date},
    tz::{AmbiguousOffset, TimeZone},
};

const FIRST: Date = date(1950, 1, 1);
const LAST: Date = date(2149, 12, 31);
const DAY: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;

/// A stretch of real seconds since the beginning of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) open: i64,
    pub(super) close: i64,
}

/// Every day from 1950 to 2149 in a zone.
#[derive(Debug)]
pub(super) struct Days {
    zone: TimeZone,
    /// Unix second at which each day begins; one more than there are days. Two alike: the zone left that day out.
    start: Vec<i64>,
    /// Whether clocks change on the day or the one after it.
    changed: Vec<bool>,
}

impl Days {
    pub(super) fn of(zone: &TimeZone) -> Self {
        let count = index_of(LAST) + 1;
        let (mut moved, mut changed) = (vec![false; count + 1], vec![false; count]);
        let mut mark = |date: Date| {
            // a change moves midnights of its own day and of the neighbours' at most
            let index = index_of(date);
            for near in index.saturating_sub(2)..=index.saturating_add(2).min(count) {
                if let Some(slot) = moved.get_mut(near) {
                    *slot = true;
                }
                if let Some(slot) = changed.get_mut(near) {
                    *slot = true;
                }
            }
        };
        if let Ok(first) = zone.to_timestamp(FIRST.at(0, 0, 0, 0)) {
            let changes = zone.following(first).map(|change| zone.to_datetime(change.timestamp()).date());
            changes.take_while(|date| *date <= LAST).for_each(&mut mark);
        }
        mark(FIRST);
        let mut start: Vec<i64> = Vec::with_capacity(count + 1);
        for (index, moved) in moved.into_iter().enumerate() {
            let second = match start.last() {
                Some(before) if !moved => before + DAY,
                _ => first_second(zone, date_at(index).to_datetime(Time::midnight())),
            };
            start.push(second);
        }
        Self { zone: zone.clone(), start, changed }
    }

    /// How many days there are.
    pub(super) const fn count(&self) -> usize {
        self.changed.len()
    }

    /// The day of an instant.
    pub(super) fn index(&self, at: Timestamp) -> Result<usize, OutOfRange> {
        let second = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
        let (first, end) = (self.start.first(), self.start.last());
        let (Some(first), Some(end)) = (first, end) else { return Err(OutOfRange) };
        if second < *first || second >= *end {
            return Err(OutOfRange);
        }
        let mut index = usize::try_from((second - first) / DAY).unwrap_or(0).min(self.count() - 1);
        // offsets differ from that of 1950 by a day at most
        while self.start.get(index).is_some_and(|start| *start > second) {
            index -= 1;
        }
        while self.start.get(index + 1).is_some_and(|next| *next <= second) {
            index += 1;
        }
        Ok(index)
    }

    /// The Unix second at which a day begins.
    pub(super) fn start(&self, index: usize) -> i64 {
        self.start.get(index).or(self.start.last()).copied().unwrap_or(0)
    }

    /// Whether a day, or the one after it, has another length than 24 hours, or may have.
    pub(super) fn is_changed(&self, index: usize) -> bool {
        self.changed.get(index).copied().unwrap_or(true)
    }

    /// The windows of a day in real seconds since its beginning; those that a clock change leaves out are left out.
    pub(super) fn spans(&self, index: usize, windows: &[Window]) -> Vec<Span> {
        let start = self.start(index);
        let since = |second: u32| {
            if self.is_changed(index) { self.second_at(index, second) - start } else { i64::from(second) }
        };
        windows
            .iter()
            .map(|window| Span { open: since(window.from), close: since(window.to) })
            .filter(|span| span.open < span.close)
            .collect()
    }

    /// The first second of the day at which the clock on the wall shows a time, or a later one.
    fn second_at(&self, index: usize, second: u32) -> i64 {
        let (index, second) = if second >= 86_400 { (index + 1, second - 86_400) } else { (index, second) };
        let time = Time::midnight().saturating_add(i64::from(second).seconds());
        first_second(&self.zone, date_at(index).to_datetime(time))
    }

    /// The instant of a day at the time of day that another instant has; one that a clock change skips is that of the
    /// change.
    pub(super) fn at_time_of(&self, index: usize, at: Timestamp) -> Result<Timestamp, OutOfRange> {
        let from = self.index(at)?;
        if !self.is_changed(from) && !self.is_changed(index) {
            return timestamp(nanos(at) - (self.start(from) - self.start(index)) * NANOS);
        }
        let time = self.zone.to_datetime(at).time();
        let local = date_at(index).to_datetime(time);
        let whole = local.with().subsec_nanosecond(0).build().map_err(|_| OutOfRange)?;
        let second = first_second(&self.zone, whole);
        let is_there = self.zone.to_datetime(timestamp(second * NANOS)?) == whole;
        timestamp(second * NANOS + if is_there { i64::from(time.subsec_nanosecond()) } else { 0 })
    }
}

/// The first Unix second at which the clock on the wall shows a time, or a later one: the earlier of two, and the moment
/// of the change when it is skipped. So later on the wall is never earlier in time.
fn first_second(zone: &TimeZone, local: DateTime) -> i64 {
    let instant = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { after, .. } => after
            .to_timestamp(local)
            .ok()
            .and_then(|earlier| zone.following(earlier).next().map(|change| change.timestamp())),
    };
    instant.map_or(0, Timestamp::as_second)
}

/// Nanoseconds since 1970; the years of calendars fit.
pub(super) fn nanos(at: Timestamp) -> i64 {
    at.as_second().saturating_mul(NANOS).saturating_add(i64::from(at.subsec_nanosecond()))
}

pub(super) fn timestamp(nanos: i64) -> Result<Timestamp, OutOfRange> {
    let (second, rest) = (nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS));
    Timestamp::new(second, i32::try_from(rest).unwrap_or(0)).map_err(|_| OutOfRange)
}

pub(super) fn index_of(date: Date) -> usize {
    let days = FIRST.until(date).map_or(-1, |span| i64::from(span.get_days()));
    usize::try_from(days).unwrap_or(usize::MAX)
}

pub(super) fn date_at(index: usize) -> Date {
    let days = i64::try_from(index).unwrap_or(i64::MAX);
    FIRST.checked_add(days.days()).unwrap_or(LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(zone: &str) -> Days {
        Days::of(&TimeZone::get(zone).unwrap())
    }

    #[test]
    fn every_day_begins_when_the_zone_says() {
        let zones = [
            "UTC",
            "Asia/Shanghai",
            "America/New_York",
            "Australia/Lord_Howe",
            "Africa/Monrovia",
            "America/Sao_Paulo",
        ];
        for name in zones {
            let (days, zone) = (days(name), TimeZone::get(name).unwrap());
            for index in 0..days.count() {
                let midnight = date_at(index).to_datetime(Time::midnight());
                assert_eq!(days.start(index), first_second(&zone, midnight), "{name} {midnight}");
            }
        }
    }

    #[test]
    fn an_instant_lies_in_the_day_the_wall_shows() {
        let zones =
            ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein"];
        for name in zones {
            let (days, zone) = (days(name), TimeZone::get(name).unwrap());
            let mut at: Timestamp = "1950-02-01T00:00:00.5Z".parse().unwrap();
            let end: Timestamp = "2149-12-01T00:00:00Z".parse().unwrap();
            while at < end {
                assert_eq!(date_at(days.index(at).unwrap()), zone.to_datetime(at).date(), "{name} {at}");
                at += jiff::SignedDuration::from_secs(20_011);
            }
        }
    }

    #[test]
    fn a_day_that_a_zone_left_out_has_no_length() {
        let days = days("Pacific/Apia");
        let index = index_of(date(2011, 12, 30));
        assert_eq!(days.start(index), days.start(index + 1));
        assert!(days.spans(index, &["00:00-24:00".parse().unwrap()]).is_empty());
    }

    #[test]
    fn skipped_times_are_those_of_the_change_and_of_doubled_ones_the_first() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at =
            |local: &str| timestamp(first_second(&zone, local.parse().unwrap()) * NANOS).unwrap().to_string();
        assert_eq!(at("2026-03-08T01:59:59"), "2026-03-08T06:59:59Z");
        assert_eq!(at("2026-03-08T02:00:00"), "2026-03-08T07:00:00Z");
        assert_eq!(at("2026-03-08T02:45:00"), "2026-03-08T07:00:00Z");
        assert_eq!(at("2026-03-08T03:00:00"), "2026-03-08T07:00:00Z");
        assert_eq!(at("2026-11-01T01:30:00"), "2026-11-01T05:30:00Z");
        assert_eq!(at("2026-11-01T02:00:00"), "2026-11-01T07:00:00Z");
    }
}
