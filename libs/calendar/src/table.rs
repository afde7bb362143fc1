//! Every day's windows with running sums, and what can be asked of them.

use crate::{
    Amount, DayEnd, DayKind, OutOfRange, Window,
    document::{Layer, Special},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time, date},
    tz::TimeZone,
};
use std::collections::{BTreeMap, HashMap};

const FIRST: Date = date(1950, 1, 1);
const LAST: Date = date(2149, 12, 31);

/// The days of a calendar in one region.
#[derive(Debug)]
pub struct Table {
    zone: TimeZone,
    patterns: Vec<Vec<Window>>,
    /// Pattern of each day from 1950-01-01 on.
    day: Vec<u16>,
    /// Working seconds before each day; one more than there are days.
    seconds: Vec<i64>,
    /// Working days before each day; one more than there are days.
    worked: Vec<u32>,
    special: BTreeMap<usize, (DayKind, String)>,
}

impl Table {
    /// Lays the layers on each other, the last on top, and sums up.
    pub(super) fn build(zone: &TimeZone, layers: &[&Layer]) -> Self {
        let nothing: [Vec<Window>; 7] = Default::default();
        let week = layers.iter().rev().find_map(|layer| layer.week.as_ref()).unwrap_or(&nothing);
        let first_worked = || week.iter().find(|day| !day.is_empty()).cloned().unwrap_or_default();
        let make_up =
            layers.iter().rev().find_map(|layer| layer.make_up.clone()).unwrap_or_else(first_worked);

        let mut patterns: Vec<Vec<Window>> = week.to_vec();
        let mut known: HashMap<Vec<Window>, u16> = HashMap::new();
        let mut pattern_of = |windows: &[Window]| {
            *known.entry(windows.to_vec()).or_insert_with(|| {
                patterns.push(windows.to_vec());
                u16::try_from(patterns.len() - 1).unwrap_or(0)
            })
        };

        let count = index_of(LAST) + 1;
        // 1950-01-01 was a Sunday
        let mut day: Vec<u16> = (0..count).map(|index| ((index + 6) % 7) as u16).collect();
        let mut special = BTreeMap::new();
        for (date, what) in layers.iter().flat_map(|layer| &layer.days) {
            let index = index_of(*date);
            let (pattern, mark) = match what {
                Special::Off { name } => (pattern_of(&[]), (DayKind::Holiday, name.clone())),
                Special::MakeUp { name } => (pattern_of(&make_up), (DayKind::MakeUp, name.clone())),
                Special::Half { name, windows } => (pattern_of(windows), (DayKind::HalfDay, name.clone())),
            };
            if let Some(slot) = day.get_mut(index) {
                *slot = pattern;
                special.insert(index, mark);
            }
        }
        let mut table =
            Self { zone: zone.clone(), patterns, day, seconds: Vec::new(), worked: Vec::new(), special };
        table.sum_up();
        table
    }

    fn sum_up(&mut self) {
        let changes = self.clock_changes();
        let lengths: Vec<i64> =
            self.patterns.iter().map(|day| day.iter().map(|w| i64::from(w.seconds())).sum()).collect();
        let (mut seconds, mut worked) = (0_i64, 0_u32);
        let mut all_seconds = Vec::with_capacity(self.day.len() + 1);
        let mut all_worked = Vec::with_capacity(self.day.len() + 1);
        for (index, pattern) in self.day.iter().enumerate() {
            all_seconds.push(seconds);
            all_worked.push(worked);
            let length = lengths.get(usize::from(*pattern)).copied().unwrap_or(0);
            worked += u32::from(length > 0);
            seconds += if length > 0 && changes.contains(&index) {
                self.windows(index).map(|(open, close)| close.duration_since(open).as_secs()).sum()
            } else {
                length
            };
        }
        all_seconds.push(seconds);
        all_worked.push(worked);
        (self.seconds, self.worked) = (all_seconds, all_worked);
    }

    /// Days on which clocks were or will be changed, and their neighbours.
    fn clock_changes(&self) -> std::collections::HashSet<usize> {
        let Ok(first) = self.zone.to_timestamp(FIRST.at(0, 0, 0, 0)) else { return Default::default() };
        self.zone
            .following(first)
            .map(|change| self.zone.to_datetime(change.timestamp()).date())
            .take_while(|date| *date <= LAST)
            .map(index_of)
            .flat_map(|index| [index.saturating_sub(1), index, index + 1])
            .collect()
    }

    /// The instants between which a day is worked.
    fn windows(&self, index: usize) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let date = date_at(index);
        let at = move |seconds: u32| {
            let (date, seconds) =
                if seconds == 86_400 { (date.tomorrow().ok()?, 0) } else { (date, seconds) };
            let time = Time::midnight().checked_add(i64::from(seconds).seconds()).ok()?;
            self.zone.to_timestamp(date.to_datetime(time)).ok()
        };
        let pattern = self.day.get(index).and_then(|pattern| self.patterns.get(usize::from(*pattern)));
        pattern.into_iter().flatten().filter_map(move |window| Some((at(window.from)?, at(window.to)?)))
    }

    /// When the last window of a day closes; none on a day of rest.
    pub(super) fn close(&self, index: usize) -> Option<Timestamp> {
        self.windows(index).last().map(|(_, close)| close)
    }

    pub(super) fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    pub(super) fn index(&self, at: Timestamp) -> Result<usize, OutOfRange> {
        let date = self.date(at);
        if (FIRST..=LAST).contains(&date) { Ok(index_of(date)) } else { Err(OutOfRange) }
    }

    pub(super) fn special(&self, index: usize) -> Option<&(DayKind, String)> {
        self.special.get(&index)
    }

    pub(super) fn is_worked(&self, index: usize) -> bool {
        matches!((self.worked.get(index), self.worked.get(index + 1)), (Some(before), Some(after)) if before < after)
    }

    /// Working time of a day between two instants.
    pub(super) fn worked_within(&self, index: usize, from: Timestamp, to: Timestamp) -> SignedDuration {
        self.windows(index)
            .map(|(open, close)| close.min(to).duration_since(open.max(from)).max(SignedDuration::ZERO))
            .sum()
    }

    /// Working time before an instant, since 1950.
    fn worked_before(&self, at: Timestamp) -> Result<SignedDuration, OutOfRange> {
        let index = self.index(at)?;
        let before = SignedDuration::from_secs(self.seconds.get(index).copied().unwrap_or(0));
        Ok(before + self.worked_within(index, Timestamp::MIN, at))
    }

    /// Whether an instant is working time; a window's end is not. Source: S1.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn works_at(&self, at: Timestamp) -> Result<bool, OutOfRange> {
        let index = self.index(at)?;
        Ok(self.windows(index).any(|(open, close)| (open..close).contains(&at)))
    }

    /// Working time between two instants; zero when `to` is before `from`. Source: S1.
    ///
    /// # Errors
    /// When one is outside the years calendars reach.
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> Result<SignedDuration, OutOfRange> {
        Ok((self.worked_before(to)? - self.worked_before(from)?).max(SignedDuration::ZERO))
    }

    /// The first instant at which `amount` of working time has passed since `from`.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn after_working(&self, from: Timestamp, amount: SignedDuration) -> Result<Timestamp, OutOfRange> {
        if amount <= SignedDuration::ZERO {
            return Ok(from);
        }
        let target = self.worked_before(from)? + amount;
        // the first day at whose end the target is reached; `seconds[i + 1]` is what is worked at the end of day i
        let reached = |seconds: &i64| SignedDuration::from_secs(*seconds) < target;
        let index = self.seconds.partition_point(reached).checked_sub(1).ok_or(OutOfRange)?;
        if index >= self.day.len() {
            return Err(OutOfRange);
        }
        let mut left = target - SignedDuration::from_secs(self.seconds.get(index).copied().unwrap_or(0));
        for (open, close) in self.windows(index) {
            let length = close.duration_since(open);
            if left <= length {
                return Ok(open + left);
            }
            left -= length;
        }
        Err(OutOfRange)
    }

    /// The close of the n-th working day after the day of `from`, or the same time of day there.
    fn after_days(&self, from: Timestamp, days: u32, end: DayEnd) -> Result<Timestamp, OutOfRange> {
        let index = self.worked_day_after(self.index(from)?, days)?;
        match end {
            DayEnd::Close => self.close(index).ok_or(OutOfRange),
            DayEnd::SameTime => self.at_time_of(index, from),
        }
    }

    /// How many days from `first` to `last`, both included, are worked.
    pub(super) fn worked_days(&self, first: usize, last: usize) -> u32 {
        let before = |index: usize| self.worked.get(index).or(self.worked.last()).copied().unwrap_or(0);
        if first > last { 0 } else { before(last + 1) - before(first) }
    }

    /// The `days`-th worked day after a day.
    pub(super) fn worked_day_after(&self, index: usize, days: u32) -> Result<usize, OutOfRange> {
        let target = self.worked.get(index + 1).copied().ok_or(OutOfRange)? + days;
        let found =
            self.worked.partition_point(|worked| *worked < target).checked_sub(1).ok_or(OutOfRange)?;
        if found >= self.day.len() { Err(OutOfRange) } else { Ok(found) }
    }

    /// The instant of a day at the time of day that another instant has.
    pub(super) fn at_time_of(&self, index: usize, at: Timestamp) -> Result<Timestamp, OutOfRange> {
        let local = date_at(index).to_datetime(self.zone.to_datetime(at).time());
        self.zone.to_timestamp(local).map_err(|_| OutOfRange)
    }

    /// When an amount that begins at `start` is over; on time means at or before it. Source: S2.
    ///
    /// # Errors
    /// When start or due is outside the years calendars reach.
    pub fn due(&self, start: Timestamp, amount: Amount) -> Result<Timestamp, OutOfRange> {
        let due = match amount {
            Amount::WorkingDays { days, end } => self.after_days(start, days, end)?,
            Amount::Working { seconds } => {
                self.after_working(start, SignedDuration::from_secs(i64::from(seconds)))?
            }
            Amount::Elapsed { seconds } => {
                start.checked_add(SignedDuration::from_secs(i64::from(seconds))).map_err(|_| OutOfRange)?
            }
        };
        self.index(start)?;
        self.index(due)?;
        Ok(due)
    }

    /// The instant at which `percent` of the way from start to due is gone: of the working time, or of the elapsed
    /// time for an amount of clock hours. Source: S5.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn threshold(
        &self,
        start: Timestamp,
        due: Timestamp,
        amount: Amount,
        percent: u8,
    ) -> Result<Timestamp, OutOfRange> {
        // whole microseconds, as the database keeps instants
        let part = |whole: SignedDuration| {
            let micros = whole.as_micros() * i128::from(percent) / 100;
            SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
        };
        if amount.needs_calendar() {
            self.after_working(start, part(self.working_between(start, due)?))
        } else {
            Ok(start + part(due.duration_since(start)))
        }
    }
}

pub(super) fn index_of(date: Date) -> usize {
    let days = FIRST.until(date).map_or(-1, |span| i64::from(span.get_days()));
    usize::try_from(days).unwrap_or(usize::MAX)
}

pub(super) fn date_at(index: usize) -> Date {
    let days = i64::try_from(index).unwrap_or(i64::MAX);
    FIRST.checked_add(days.days()).unwrap_or(LAST)
}
