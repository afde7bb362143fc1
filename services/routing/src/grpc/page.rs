//! Pages of lists: size, and a token that names the last row and is bound to the filter (AIP-158).

use gongdan_errors::Violations;
use gongdan_pg::requests::hash_of;
use prost::Message;

/// Bytes of the filter's hash in a token.
const BINDING: usize = 8;
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
        if rows.len() <= self.size {
            return String::new();
        }
        rows.truncate(self.size);
        rows.last()
            .map(|last| hex::encode(self.binding) + &hex::encode(cursor(last).write()))
            .unwrap_or_default()
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
