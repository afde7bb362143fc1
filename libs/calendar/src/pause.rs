//! Where a due time moves when its clock rests. Source: S2, S4.
//!
//! A clock of working days counts closes: a pause moves due by as many working days as it covers closes, a shorter one by
//! nothing. Other amounts move by the time that was lost, working or elapsed.

use crate::{Amount, DayEnd, OutOfRange, Table};
use jiff::{SignedDuration, Timestamp};

/// The smallest step of an instant.
const MOMENT: SignedDuration = SignedDuration::from_micros(1);

impl Table {
    /// Due after a pause. One that began at due or later moves nothing.
    ///
    /// `start` is when the amount began: closes of its day do not count.
    ///
    /// # Errors
    /// When an instant is outside the years calendars reach.
    pub fn after_pause(
        &self,
        due: Timestamp,
        amount: Amount,
        start: Timestamp,
        (pause, resume): (Timestamp, Timestamp),
    ) -> Result<Timestamp, OutOfRange> {
        if pause >= due || resume <= pause {
            return Ok(due);
        }
        match amount {
            Amount::WorkingDays { end, .. } => match self.closes_within(end, start, (pause, resume))? {
                0 => Ok(due),
                days => self.days_later(due, days, end),
            },
            Amount::Working { .. } => self.after_working(due, self.working_between(pause, resume)?),
            Amount::Elapsed { .. } => {
                let moved = due.checked_add(resume.duration_since(pause)).map_err(|_| OutOfRange)?;
                self.index(moved).map(|_| moved)
            }
        }
    }

    /// How many closes of working days after the day of `start` come after `from`, and at `to` at the latest: what an
    /// amount of working days has used up when its clock ran from one to the other.
    ///
    /// # Errors
    /// When an instant is outside the years calendars reach.
    pub fn closes_between(
        &self,
        end: DayEnd,
        start: Timestamp,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u32, OutOfRange> {
        let past = to.checked_add(MOMENT).map_err(|_| OutOfRange)?;
        if past <= from { Ok(0) } else { self.closes_within(end, start, (from, past)) }
    }

    /// How many closes of working days after the day of `start` lie within a pause, its ends left out.
    fn closes_within(
        &self,
        end: DayEnd,
        start: Timestamp,
        (pause, resume): (Timestamp, Timestamp),
    ) -> Result<u32, OutOfRange> {
        let (from, to) = (self.index(pause)?, self.index(resume)?);
        // the shift of the day before may close on the day of the pause
        let first = from.saturating_sub(1).max(self.index(start)? + 1);
        let outside = |index: usize| {
            let close = match end {
                DayEnd::Close => self.close(index),
                DayEnd::SameTime => self.at_time_of(index, start).ok(),
            };
            self.is_worked(index) && close.is_none_or(|close| close <= pause || close >= resume)
        };
        // only days at the ends can close outside; a shift over midnight closes on the next date
        let mut ends = vec![from.saturating_sub(1), from, to, to.saturating_sub(1)];
        ends.sort_unstable();
        ends.dedup();
        let beyond = ends.into_iter().filter(|index| (first..=to).contains(index) && outside(*index)).count();
        Ok(self.worked_days(first, to) - u32::try_from(beyond).unwrap_or(0))
    }

    /// So many working days after an instant: at the close when it was one, else at the same time of day.
    fn days_later(&self, due: Timestamp, days: u32, end: DayEnd) -> Result<Timestamp, OutOfRange> {
        let day = self.index(due)?;
        let closed = [Some(day), day.checked_sub(1)]
            .into_iter()
            .flatten()
            .find(|index| end == DayEnd::Close && self.close(*index) == Some(due));
        let target = self.worked_day_after(closed.unwrap_or(day), days)?;
        match closed {
            Some(_) => self.close(target).ok_or(OutOfRange),
            None => self.at_time_of(target, due),
        }
    }
}
