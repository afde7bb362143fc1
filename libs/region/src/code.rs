//! A region code and a range of codes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Digits of a full code.
const DIGITS: usize = 12;

/// A code of 12 digits: province 2, city 2, county 2, township 3, village 3. Source: DESIGN rule 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(i64);

/// The text is no region code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("2 to 12 digits of a region code, for example 440106")]
pub struct InvalidRegionCode;

impl RegionCode {
    /// From 2 to 12 digits; shorter codes are padded with zeros on the right.
    ///
    /// # Errors
    /// When the text is not 2 to 12 digits or begins with zero.
    pub fn parse(text: &str) -> Result<Self, InvalidRegionCode> {
        let digits = text.trim();
        if !(2..=DIGITS).contains(&digits.len())
            || !digits.bytes().all(|b| b.is_ascii_digit())
            || digits.starts_with('0')
        {
            return Err(InvalidRegionCode);
        }
        let value: i64 = digits.parse().map_err(|_| InvalidRegionCode)?;
        let missing = u32::try_from(DIGITS - digits.len()).map_err(|_| InvalidRegionCode)?;
        Ok(Self(value * 10_i64.pow(missing)))
    }

    /// From the number as the database keeps it.
    ///
    /// # Errors
    /// When it has not 12 digits.
    pub fn from_i64(value: i64) -> Result<Self, InvalidRegionCode> {
        if (100_000_000_000..=999_999_999_999).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InvalidRegionCode)
        }
    }

    /// The number as the database keeps it.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0
    }

    /// Province, city and county as the subject's two-digit tokens: `["44", "01", "06"]`. Source: DESIGN rule 9.
    #[must_use]
    pub fn subject_tokens(self) -> [String; 3] {
        let token = |divisor: i64| format!("{:02}", self.0 / divisor % 100);
        [token(10_000_000_000), token(100_000_000), token(1_000_000)]
    }

    /// The codes that begin with the digits of this one up to its last non-zero pair (triple below the county).
    ///
    /// For a code of the table use `Regions::range`, which knows the level; this is for local codes outside it.
    #[must_use]
    pub fn range_by_digits(self) -> RegionRange {
        let width = [10_000_000_000, 100_000_000, 1_000_000, 1_000, 1]
            .into_iter()
            .find(|width| self.0 % width == 0)
            .unwrap_or(1);
        RegionRange { start: self.0, end: self.0 + width - 1 }
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl FromStr for RegionCode {
    type Err = InvalidRegionCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for RegionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Codes from `start` to `end`, both included: a subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegionRange {
    /// The first code.
    pub start: i64,
    /// The last code.
    pub end: i64,
}

impl RegionRange {
    /// Whether the code lies in the subtree.
    #[must_use]
    pub const fn contains(self, code: RegionCode) -> bool {
        self.start <= code.0 && code.0 <= self.end
    }

    /// How many codes it spans; the smaller, the more specific.
    #[must_use]
    pub const fn width(self) -> i64 {
        self.end - self.start + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_codes_are_padded_on_the_right() {
        assert_eq!(RegionCode::parse("440106").unwrap().to_string(), "440106000000");
        assert_eq!(RegionCode::parse("44").unwrap().as_i64(), 440_000_000_000);
        assert_eq!(RegionCode::parse("440106001002").unwrap().to_string(), "440106001002");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "4", "4401060000000", "44a1", "044", "四四", "-44", "4 4"] {
            assert_eq!(RegionCode::parse(text), Err(InvalidRegionCode), "{text:?}");
        }
    }

    #[test]
    fn tokens_are_two_digits_each() {
        assert_eq!(RegionCode::parse("440106").unwrap().subject_tokens(), ["44", "01", "06"]);
        assert_eq!(RegionCode::parse("44").unwrap().subject_tokens(), ["44", "00", "00"]);
    }

    #[test]
    fn a_local_code_spans_what_begins_like_it() {
        let county = RegionCode::parse("440106").unwrap().range_by_digits();
        assert!(county.contains(RegionCode::parse("440106999").unwrap()));
        assert!(!county.contains(RegionCode::parse("440107").unwrap()));
        assert_eq!(RegionCode::parse("440106001").unwrap().range_by_digits().width(), 1_000);
    }
}
