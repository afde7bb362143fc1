//! From times on the wall to instants, and what clock changes do to them.

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

/// What a clock change did to a planned time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// It was left out: this is the moment of the change.
    LeftOut,
    /// It comes twice: this is the first.
    FirstOfTwo,
    /// It comes twice: this is the second.
    SecondOfTwo,
}

/// A planned time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub at: Timestamp,
    /// What a clock change did to it.
    pub change: Option<ClockChange>,
}

/// The first instant at which the clock on the wall shows a time, or a later one. So later on the wall is never earlier in
/// time.
pub(super) fn first(zone: &TimeZone, local: DateTime) -> Option<Planned> {
    let (at, change) = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => (offset.to_timestamp(local).ok()?, None),
        AmbiguousOffset::Fold { before, .. } => {
            (before.to_timestamp(local).ok()?, Some(ClockChange::FirstOfTwo))
        }
        AmbiguousOffset::Gap { after, .. } => {
            let earlier = after.to_timestamp(local).ok()?;
            (zone.following(earlier).next()?.timestamp(), Some(ClockChange::LeftOut))
        }
    };
    Some(Planned { at, change })
}

/// The next of times of day after an instant; `next` says what follows a time on the wall.
pub(super) fn time_of_day(
    zone: &TimeZone,
    after: Timestamp,
    next: impl Fn(DateTime, bool) -> Option<DateTime>,
) -> Option<Planned> {
    let mut local = zone.to_datetime(after);
    loop {
        local = next(local, false)?;
        let planned = first(zone, local)?;
        if planned.at > after {
            return Some(planned);
        }
        // the second of two doubled hours: what it shows again has been
    }
}

/// The next after an instant, in the hours that pass.
pub(super) fn passing(
    zone: &TimeZone,
    after: Timestamp,
    next: impl Fn(DateTime, bool) -> Option<DateTime>,
) -> Option<Planned> {
    let (mut from, mut inclusive) = (after, false);
    loop {
        let offset = zone.to_offset(from);
        let local = next(offset.to_datetime(from), inclusive)?;
        let at = offset.to_timestamp(local).ok()?;
        match zone.following(from).next().map(|change| change.timestamp()) {
            Some(change) if at >= change => (from, inclusive) = (change, true),
            _ => {
                let change = match zone.to_ambiguous_timestamp(local).offset() {
                    AmbiguousOffset::Fold { before, .. } if before == offset => Some(ClockChange::FirstOfTwo),
                    AmbiguousOffset::Fold { .. } => Some(ClockChange::SecondOfTwo),
                    _ => None,
                };
                return Some(Planned { at, change });
            }
        }
    }
}
