//! Instants between `jiff` and `google.protobuf.Timestamp`.

use jiff::Timestamp;

/// The instant is outside what `google.protobuf.Timestamp` or `jiff` can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl std::fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an instant between the years 1 and 9999")
    }
}

impl std::error::Error for InvalidTimestamp {}

/// An instant for the wire.
#[must_use]
pub fn to_timestamp(at: Timestamp) -> prost_types::Timestamp {
    let nanos = at.subsec_nanosecond();
    let (seconds, nanos) =
        if nanos < 0 { (at.as_second() - 1, nanos + 1_000_000_000) } else { (at.as_second(), nanos) };
    prost_types::Timestamp { seconds, nanos }
}

/// An instant from the wire.
///
/// # Errors
/// When seconds or nanoseconds are out of range.
pub fn from_timestamp(at: &prost_types::Timestamp) -> Result<Timestamp, InvalidTimestamp> {
    if !(0..1_000_000_000).contains(&at.nanos) || !(-62_135_596_800..=253_402_300_799).contains(&at.seconds) {
        return Err(InvalidTimestamp);
    }
    Timestamp::new(at.seconds, at.nanos).map_err(|_| InvalidTimestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_the_wire_also_before_1970() {
        for text in ["2026-11-22T09:00:00.123456Z", "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z"] {
            let at: Timestamp = text.parse().unwrap();
            let wire = to_timestamp(at);
            assert!((0..1_000_000_000).contains(&wire.nanos));
            assert_eq!(from_timestamp(&wire), Ok(at));
        }
    }

    #[test]
    fn impossible_instants_are_refused() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(from_timestamp(&prost_types::Timestamp { seconds, nanos }), Err(InvalidTimestamp));
        }
    }
}
