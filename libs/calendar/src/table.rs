//! Every day's windows with running sums, and what can be asked of them.
//!
//! A shift that runs over midnight belongs to the day it begins: its working time and its close are that day's, though
//! the close stands on the next date. The day of an instant is the date on the wall.

use crate::{
    Amount, DayEnd, DayKind, OutOfRange, Window,
    days::{Days, Span, index_of, nanos, timestamp},
    document::{Layer, Special},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

const NANOS: i64 = 1_000_000_000;

/// The days of a calendar in one region.
#[derive(Debug)]
pub struct Table {
    days: Arc<Days>,
    /// Windows in real seconds since the day's beginning; days alike share one.
    patterns: Vec<Vec<Span>>,
    /// Pattern of each day from 1950-01-01 on.
    day: Vec<u16>,
    /// Working seconds of the shifts that begin before each day; one more than there are days.
    seconds: Vec<i64>,
    /// Working days before each day; one more than there are days.
    worked: Vec<u32>,
    special: BTreeMap<usize, (DayKind, String)>,
}

/// What each day's windows are.
pub(super) struct Plan<'a> {
    week: &'a [Vec<Window>; 7],
    make_up: &'a [Window],
    days: BTreeMap<usize, &'a Special>,
}

static NOTHING: [Vec<Window>; 7] = [const { Vec::new() }; 7];

impl<'a> Plan<'a> {
    /// Lays the layers on each other, the last on top.
    pub(super) fn of(layers: &[&'a Layer]) -> Self {
        let week = layers.iter().rev().find_map(|layer| layer.week.as_ref()).unwrap_or(&NOTHING);
        let first_worked = || week.iter().find(|day| !day.is_empty()).map_or(&[][..], Vec::as_slice);
        let make_up =
            layers.iter().rev().find_map(|layer| layer.make_up.as_deref()).unwrap_or_else(first_worked);
        let days = layers.iter().flat_map(|layer| &layer.days).map(|(date, what)| (index_of(*date), what));
        Self { week, make_up, days: days.collect() }
    }

    /// The days that do not go by their weekday.
    pub(super) fn special_days(&self) -> impl Iterator<Item = usize> + '_ {
        self.days.keys().copied()
    }

    /// The windows of a day.
    pub(super) fn windows(&self, index: usize) -> &'a [Window] {
        match self.days.get(&index) {
            Some(Special::Off { .. }) => &[],
            Some(Special::MakeUp { .. }) => self.make_up,
            Some(Special::Half { windows, .. }) => windows,
            // 1950-01-01 was a Sunday
            None => self.week.get((index + 6) % 7).map_or(&[], Vec::as_slice),
        }
    }
}

impl Table {
    /// Lays the layers on each other, the last on top, and sums up.
    pub(super) fn build(days: &Arc<Days>, layers: &[&Layer]) -> Self {
        let plan = Plan::of(layers);
        let mut table = Self {
            days: Arc::clone(days),
            patterns: Vec::new(),
            day: Vec::with_capacity(days.count()),
            seconds: Vec::with_capacity(days.count() + 1),
            worked: Vec::with_capacity(days.count() + 1),
            special: plan.days.iter().map(|(index, special)| (*index, special.mark())).collect(),
        };
        let mut known: HashMap<Vec<Span>, u16> = HashMap::new();
        let mut regular: HashMap<&[Window], u16> = HashMap::new();
        let (mut seconds, mut worked) = (0_i64, 0_u32);
        for index in 0..days.count() {
            let windows = plan.windows(index);
            let seen = regular.get(windows).filter(|_| !days.is_changed(index)).copied();
            let pattern = seen.unwrap_or_else(|| {
                let spans = days.spans(index, windows);
                *known.entry(spans).or_insert_with_key(|spans| {
                    table.patterns.push(spans.clone());
                    u16::try_from(table.patterns.len() - 1).unwrap_or(0)
                })
            });
            if !days.is_changed(index) {
                regular.insert(windows, pattern);
            }
            table.day.push(pattern);
            table.seconds.push(seconds);
            table.worked.push(worked);
            let length: i64 = table.spans(index).iter().map(|span| span.close - span.open).sum();
            seconds += length;
            worked += u32::from(length > 0);
        }
        table.seconds.push(seconds);
        table.worked.push(worked);
        table
    }

    /// When a day's windows are, in seconds since its beginning.
    fn spans(&self, index: usize) -> &[Span] {
        let pattern = self.day.get(index).and_then(|pattern| self.patterns.get(usize::from(*pattern)));
        pattern.map_or(&[], Vec::as_slice)
    }

    /// When the last window of a day closes, perhaps on the next date; none on a day of rest.
    pub(super) fn close(&self, index: usize) -> Option<Timestamp> {
        let span = self.spans(index).last()?;
        timestamp((self.days.start(index) + span.close) * NANOS).ok()
    }

    pub(super) fn index(&self, at: Timestamp) -> Result<usize, OutOfRange> {
        self.days.index(at)
    }

    pub(super) fn special(&self, index: usize) -> Option<&(DayKind, String)> {
        self.special.get(&index)
    }

    pub(super) fn is_worked(&self, index: usize) -> bool {
        !self.spans(index).is_empty()
    }

    /// Working time of the shifts that begin on a day, between two instants.
    pub(super) fn worked_within(&self, index: usize, from: Timestamp, to: Timestamp) -> SignedDuration {
        SignedDuration::from_nanos(self.nanos_of(index, nanos(to)) - self.nanos_of(index, nanos(from)))
            .max(SignedDuration::ZERO)
    }

    /// Working nanoseconds of the shifts that begin on a day, before an instant.
    fn nanos_of(&self, index: usize, at: i64) -> i64 {
        let since = at - self.days.start(index) * NANOS;
        self.spans(index).iter().map(|span| (since.min(span.close * NANOS) - span.open * NANOS).max(0)).sum()
    }

    /// Working nanoseconds before an instant, since 1950.
    fn worked_before(&self, at: Timestamp) -> Result<i64, OutOfRange> {
        let (index, at) = (self.index(at)?, nanos(at));
        let today = self.nanos_of(index, at);
        // a shift of the day before may run still
        let Some(yesterday) = index.checked_sub(1) else { return Ok(today) };
        let before = self.seconds.get(yesterday).copied().unwrap_or(0);
        Ok(before * NANOS + self.nanos_of(yesterday, at) + today)
    }

    /// Whether an instant is working time; a window's end is not. Source: S1.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn works_at(&self, at: Timestamp) -> Result<bool, OutOfRange> {
        let (index, at) = (self.index(at)?, nanos(at));
        Ok([Some(index), index.checked_sub(1)].into_iter().flatten().any(|index| {
            let since = at - self.days.start(index) * NANOS;
            self.spans(index).iter().any(|span| (span.open * NANOS..span.close * NANOS).contains(&since))
        }))
    }

    /// Whether a date is a working day: whether a shift begins on it. Source: S10.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn works_on(&self, date: Date) -> Result<bool, OutOfRange> {
        let index = index_of(date);
        if index >= self.day.len() { Err(OutOfRange) } else { Ok(self.is_worked(index)) }
    }

    /// Working time between two instants; zero when `to` is before `from`. Source: S1.
    ///
    /// # Errors
    /// When one is outside the years calendars reach.
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> Result<SignedDuration, OutOfRange> {
        let nanos = self.worked_before(to)? - self.worked_before(from)?;
        Ok(SignedDuration::from_nanos(nanos.max(0)))
    }

    /// The first instant at which `amount` of working time has passed since `from`.
    ///
    /// # Errors
    /// When it is outside the years calendars reach.
    pub fn after_working(&self, from: Timestamp, amount: SignedDuration) -> Result<Timestamp, OutOfRange> {
        if amount <= SignedDuration::ZERO {
            return Ok(from);
        }
        let amount = i64::try_from(amount.as_nanos()).map_err(|_| OutOfRange)?;
        let target = self.worked_before(from)?.checked_add(amount).ok_or(OutOfRange)?;
        // the first day at whose end the target is reached; `seconds[i + 1]` is what is worked at the end of day i
        let whole = target.div_euclid(NANOS) + i64::from(target.rem_euclid(NANOS) > 0);
        let index =
            self.seconds.partition_point(|seconds| *seconds < whole).checked_sub(1).ok_or(OutOfRange)?;
        let mut left = target - self.seconds.get(index).copied().unwrap_or(0) * NANOS;
        for span in self.spans(index) {
            let length = (span.close - span.open) * NANOS;
            if left <= length {
                return timestamp((self.days.start(index) + span.open) * NANOS + left);
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
        self.days.at_time_of(index, at)
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
                self.index(start)?;
                start.checked_add(SignedDuration::from_secs(i64::from(seconds))).map_err(|_| OutOfRange)?
            }
        };
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
