//! Keyset pages.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// A token that none of our answers gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token of an earlier answer")]
pub struct InvalidToken;

/// How many of a list to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(i64);

impl PageSize {
    /// 0 is 50.
    ///
    /// # Errors
    /// When it is negative or more than `most`.
    pub fn parse(size: i32, most: i32) -> Result<Self, String> {
        match size {
            0 => Ok(Self(50)),
            1.. if size <= most => Ok(Self(i64::from(size))),
            _ => Err(format!("1 to {most}")),
        }
    }

    /// One more than asked for shows whether there is a next page.
    #[must_use]
    pub const fn limit(self) -> i64 {
        self.0 + 1
    }

    /// Cuts what is too much; the key of the last that stays makes the next page's token, if there is a next page.
    pub fn cut<T>(self, rows: &mut Vec<T>, key: impl FnOnce(&T) -> Uuid) -> String {
        let size = usize::try_from(self.0).unwrap_or(usize::MAX);
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last().map_or_else(String::new, |last| URL_SAFE_NO_PAD.encode(key(last).as_bytes()))
    }

    /// The key of the last row of the page before; `None` for the first page.
    ///
    /// # Errors
    /// When it is no token.
    pub fn after(token: &str) -> Result<Option<Uuid>, InvalidToken> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidToken)?;
        Uuid::from_slice(&bytes).map(Some).map_err(|_| InvalidToken)
    }
}

/// A place in the inbox that commits out of order cannot fool: everything of transactions before `txid`, and of that
/// transaction everything up to `position`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The writing transaction.
    pub txid: i64,
    /// The row's number; rows of one transaction are in its order.
    pub position: i64,
}

impl Cursor {
    /// As a resume token.
    #[must_use]
    pub fn token(self) -> String {
        let mut bytes = self.txid.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.position.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// From a resume token; `None` when it is empty.
    ///
    /// # Errors
    /// When it is no token.
    pub fn parse(token: &str) -> Result<Option<Self>, InvalidToken> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes: [u8; 16] =
            URL_SAFE_NO_PAD.decode(token).ok().and_then(|b| b.try_into().ok()).ok_or(InvalidToken)?;
        let value = u128::from_be_bytes(bytes);
        let half = |bits: u128| i64::try_from(bits & u128::from(u64::MAX)).map_err(|_| InvalidToken);
        Ok(Some(Self { txid: half(value >> 64)?, position: half(value)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_and_others_are_refused() {
        let cursor = Cursor { txid: 812, position: 4 };
        assert_eq!(Cursor::parse(&cursor.token()), Ok(Some(cursor)));
        assert_eq!(Cursor::parse(""), Ok(None));
        for token in ["x", "AAAA", "_____________________w"] {
            assert_eq!(Cursor::parse(token), Err(InvalidToken), "{token}");
            assert_eq!(PageSize::after(if token.len() > 20 { "AAA" } else { token }), Err(InvalidToken));
        }
    }

    #[test]
    fn the_last_page_has_no_token() {
        let size = PageSize::parse(2, 500).unwrap();
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let mut rows = ids.clone();
        let token = size.cut(&mut rows, |id| *id);
        assert_eq!(rows, ids[..2]);
        assert_eq!(PageSize::after(&token), Ok(Some(ids[1])));
        assert_eq!(size.cut(&mut rows, |id| *id), "");
        assert!(PageSize::parse(501, 500).is_err() && PageSize::parse(-1, 500).is_err());
    }
}
