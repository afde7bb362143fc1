//! Days and months of Asia/Shanghai as instants.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// The zone in which days and months are counted. Source: P2.
pub const ZONE: &str = "Asia/Shanghai";

/// From an instant up to, and without, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// The text is no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeriod {
    /// Neither a day nor a month.
    #[error("a day such as 2026-11-22 or a month such as 2026-11 is needed")]
    Text,
    /// The end is before the beginning.
    #[error("must not be before `from`")]
    Reversed,
}

impl Period {
    /// All time.
    #[must_use]
    pub fn ever() -> Self {
        Self { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX }
    }

    /// The first instant of a day or month; since ever when empty.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn begin(text: &str) -> Result<Timestamp, InvalidPeriod> {
        if text.is_empty() {
            return Ok(Self::ever().from);
        }
        midnight(span(text)?.0)
    }

    /// The first instant after a day or month; for ever when empty.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn end(text: &str) -> Result<Timestamp, InvalidPeriod> {
        if text.is_empty() {
            return Ok(Self::ever().to);
        }
        midnight(span(text)?.1)
    }

    /// From the beginning of one to the end of the other.
    ///
    /// # Errors
    /// When the end is not after the beginning.
    pub fn between(from: Timestamp, to: Timestamp) -> Result<Self, InvalidPeriod> {
        if from < to { Ok(Self { from, to }) } else { Err(InvalidPeriod::Reversed) }
    }

    /// Whether the instant lies in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// The first day and the first day after.
fn span(text: &str) -> Result<(Date, Date), InvalidPeriod> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|p| p.len()).collect();
    if !parts.iter().all(|p| digits(p)) {
        return Err(InvalidPeriod::Text);
    }
    let (first, unit) = match lengths.as_slice() {
        [4, 2, 2] => (text.parse::<Date>(), 1.day()),
        [4, 2] => (format!("{text}-01").parse::<Date>(), 1.month()),
        _ => return Err(InvalidPeriod::Text),
    };
    let first = first.map_err(|_| InvalidPeriod::Text)?;
    let after = first.checked_add(unit).map_err(|_| InvalidPeriod::Text)?;
    Ok((first, after))
}

fn midnight(date: Date) -> Result<Timestamp, InvalidPeriod> {
    let zone = TimeZone::get(ZONE).map_err(|_| InvalidPeriod::Text)?;
    Ok(zone.to_zoned(date.at(0, 0, 0, 0)).map_err(|_| InvalidPeriod::Text)?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_at_midnight_in_shanghai() {
        assert_eq!(Period::begin("2026-11").unwrap().to_string(), "2026-10-31T16:00:00Z");
        assert_eq!(Period::end("2026-11").unwrap().to_string(), "2026-11-30T16:00:00Z");
        assert_eq!(Period::end("2026-12").unwrap().to_string(), "2026-12-31T16:00:00Z");
        assert_eq!(Period::begin("2024-02-29").unwrap().to_string(), "2024-02-28T16:00:00Z");
        assert_eq!(Period::end("2024-02-29").unwrap().to_string(), "2024-02-29T16:00:00Z");
        // Shanghai had summer time in 1986 to 1991.
        assert_eq!(Period::begin("1988-07").unwrap().to_string(), "1988-06-30T15:00:00Z");
    }

    #[test]
    fn what_is_no_day_or_month_is_refused() {
        for text in ["2026", "2026-13", "2026-02-30", "2026-1", "26-11", "2026-11-22T00:00", "+026-11", "now"]
        {
            assert_eq!(Period::begin(text), Err(InvalidPeriod::Text), "{text}");
            assert_eq!(Period::end(text), Err(InvalidPeriod::Text), "{text}");
        }
    }

    #[test]
    fn the_end_is_after_the_beginning() {
        let (november, october) = (Period::begin("2026-11").unwrap(), Period::end("2026-10").unwrap());
        assert_eq!(november, october, "months leave no gap");
        assert_eq!(Period::between(november, october), Err(InvalidPeriod::Reversed));
        let one = Period::between(november, Period::end("2026-11").unwrap()).unwrap();
        assert!(one.contains(november) && !one.contains(one.to));
        assert_eq!(Period::begin("").and_then(|f| Period::between(f, Period::end("")?)), Ok(Period::ever()));
    }
}
