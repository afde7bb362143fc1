//! What several RPCs read alike: pages, ids, words.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gongdan_errors::Violations;
use gongdan_sla_domain::UnknownWord;
use uuid::Uuid;

const DEFAULT_PAGE: i32 = 50;
const MAX_PAGE: i32 = 500;

/// A page of a list: at most so many, after this key.
#[derive(Debug)]
pub struct Page {
    /// How many.
    pub size: usize,
    /// The last key of the page before; empty at the beginning.
    pub after: String,
}

impl Page {
    /// Reads `page_size` and `page_token`.
    pub fn decode(size: i32, token: &str, violations: &mut Violations) -> Option<Self> {
        let size = match size {
            0 => Ok(DEFAULT_PAGE),
            1..=MAX_PAGE => Ok(size),
            _ => Err(format!("1 to {MAX_PAGE}")),
        };
        let after = URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|key| key.len() <= 64)
            .ok_or("a token of an earlier answer");
        let size = violations.field("page_size", size);
        let after = violations.field("page_token", after);
        Some(Self { size: usize::try_from(size?).ok()?, after: after? })
    }

    /// How many rows to ask for: one more tells whether another page follows.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size + 1).unwrap_or(i64::MAX)
    }

    /// Cuts the row that was one too many; the token of the next page, empty on the last.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl Fn(&T) -> String) -> String {
        if rows.len() <= self.size {
            return String::new();
        }
        rows.truncate(self.size);
        rows.last().map(|row| URL_SAFE_NO_PAD.encode(key(row))).unwrap_or_default()
    }
}

/// A `request_id`.
pub fn request_id(text: &str, violations: &mut Violations) -> Option<Uuid> {
    violations.field("request_id", Uuid::try_parse(text).map_err(|_| "a UUID"))
}

/// The version an etag names; one that is no etag of ours names a version that is not there. Empty: no guard.
pub fn etag(text: &str) -> Option<i64> {
    (!text.is_empty()).then(|| text.parse().unwrap_or(-1))
}

/// A word of an enum; none for its zero.
pub fn optional_word<T: TryFrom<i32, Error = UnknownWord>>(
    field: &str,
    number: i32,
    violations: &mut Violations,
) -> Option<T> {
    if number == 0 {
        return None;
    }
    violations.field(field, T::try_from(number))
}

/// Words of an enum, none of them its zero.
pub fn words<T: TryFrom<i32, Error = UnknownWord>>(
    field: &str,
    numbers: &[i32],
    violations: &mut Violations,
) -> Vec<T> {
    let read = numbers
        .iter()
        .enumerate()
        .map(|(index, number)| violations.field(format!("{field}[{index}]"), T::try_from(*number)));
    read.collect::<Vec<_>>().into_iter().flatten().collect()
}
