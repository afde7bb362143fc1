//! Pages of lists: size, and a token that names the last row and is bound to the filter (AIP-158).

use gongdan_errors::Violations;
use gongdan_pg::requests::hash_of;
use prost::Message;

/// Bytes of the filter's hash in a token.
const BINDING: usize = 8;
/// What the rows of a page come to, at most; clients take messages of 4 MiB.
pub const MOST_BYTES: usize = 2 << 20;
const BAD_TOKEN: &str = "a `next_page_token` of an earlier answer with the same filter";

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<C> {
    /// Rows on it.
    pub size: usize,
    /// The last row of the page before.
    pub after: Option<C>,
    binding: [u8; BINDING],
}

/// What says which row was the last.
pub trait Cursor: Sized {
    /// As text.
    fn write(&self) -> String;
    /// From text.
    fn read(text: &str) -> Option<Self>;
}

impl<C: Cursor> Page<C> {
    /// Decodes size and token; `filter` is the request without both.
    pub fn decode(
        filter: &impl Message,
        size: i32,
        token: &str,
        default: usize,
        most: usize,
        violations: &mut Violations,
    ) -> Option<Self> {
        let mut binding = [0; BINDING];
        binding.copy_from_slice(&hash_of(filter)[..BINDING]);
        let size = violations.field(
            "page_size",
            match usize::try_from(size) {
                Ok(0) => Ok(default),
                Ok(size) if size <= most => Ok(size),
                _ => Err(format!("1 to {most}")),
            },
        );
        let after = violations.field("page_token", position(token, binding));
        Some(Self { size: size?, after: after?, binding })
    }

    /// Rows to ask for: one more than the page tells whether there is another.
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// Cuts the rows to the page; answers the token of the next one, empty on the last.
    pub fn cut<T>(&self, rows: &mut Vec<T>, cursor: impl Fn(&T) -> C) -> String {
        self.cut_at(self.size, rows, cursor)
    }

    /// As [`Page::cut`], for rows that may be long: the page ends earlier where they would be more than a message holds.
    pub fn cut_long<T>(
        &self,
        rows: &mut Vec<T>,
        bytes: impl Fn(&T) -> usize,
        cursor: impl Fn(&T) -> C,
    ) -> String {
        let mut total = 0;
        let fits = rows.iter().take(self.size).enumerate().take_while(|(n, row)| {
            total += bytes(row);
            *n == 0 || total <= MOST_BYTES
        });
        self.cut_at(fits.count(), rows, cursor)
    }

    fn cut_at<T>(&self, size: usize, rows: &mut Vec<T>, cursor: impl Fn(&T) -> C) -> String {
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last().map(|last| self.token(&cursor(last))).unwrap_or_default()
    }

    /// The token of the page after a row.
    pub fn token(&self, last: &C) -> String {
        hex::encode(self.binding) + &hex::encode(last.write())
    }
}

impl Page<i32> {
    /// The page of rows that are all at hand, by their numbers.
    pub fn of_all<T>(&self, rows: impl Iterator<Item = T>, bytes: impl Fn(&T) -> usize) -> (Vec<T>, String) {
        let before = self.after.and_then(|after| usize::try_from(after).ok()).unwrap_or(0);
        let mut rows: Vec<(T, i32)> = rows.zip(1_i32..).skip(before).take(self.size + 1).collect();
        let token = self.cut_long(&mut rows, |(row, _)| bytes(row), |(_, number)| *number);
        (rows.into_iter().map(|(row, _)| row).collect(), token)
    }
}

fn position<C: Cursor>(token: &str, binding: [u8; BINDING]) -> Result<Option<C>, &'static str> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = hex::decode(token).map_err(|_| BAD_TOKEN)?;
    let (bound, text) = bytes.split_at_checked(BINDING).ok_or(BAD_TOKEN)?;
    if bound != binding {
        return Err(BAD_TOKEN);
    }
    std::str::from_utf8(text).ok().and_then(C::read).map(Some).ok_or(BAD_TOKEN)
}

impl Cursor for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Cursor for i32 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cursor for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cursor for uuid::Uuid {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cursor for crate::store::SwapCursor {
    fn write(&self) -> String {
        format!("{},{},{},{}", self.day, self.roster_id, self.person_id, self.shift)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ',');
        let day = parts.next()?.parse().ok()?;
        let mut part = || parts.next().map(ToOwned::to_owned);
        Some(Self { day, roster_id: part()?, person_id: part()?, shift: part()? })
    }
}

impl Cursor for crate::store::AreaCursor {
    fn write(&self) -> String {
        format!("{},{},{}", self.range.start, self.range.end, self.item)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ',');
        let start = parts.next()?.parse().ok()?;
        let end = parts.next()?.parse().ok()?;
        let range = gongdan_region::RegionRange { start, end };
        Some(Self { range, item: parts.next()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::routing::v1::ListRulesRequest;

    fn page(size: i32, token: &str) -> Page<i32> {
        let mut violations = Violations::new();
        Page::decode(&ListRulesRequest::default(), size, token, 100, 500, &mut violations).unwrap()
    }

    #[test]
    fn a_page_of_long_rows_ends_where_a_message_would_be_too_large() {
        let sizes = [1_500_000, 400_000, 400_000, 3_000_000, 10];
        let (mut after, mut pages) = (String::new(), Vec::new());
        for _ in 0..10 {
            let page = page(100, &after);
            let from = page.after.unwrap_or(0);
            let mut rows: Vec<(i32, usize)> = (1..).zip(sizes).skip(usize::try_from(from).unwrap()).collect();
            after = page.cut_long(&mut rows, |row| row.1, |row| row.0);
            pages.push(rows.len());
            if after.is_empty() {
                break;
            }
        }
        assert_eq!(pages, [2, 1, 1, 1], "one that is too large by itself is still shown");
    }
}
