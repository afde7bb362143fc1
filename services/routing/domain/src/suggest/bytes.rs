//! A suggester as bytes: the one classifier behind the other, the first with its length before it.

use super::Suggester;
use gongdan_classify::{Classifier, Unreadable};

impl Suggester {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let items = self.items.to_bytes();
        let mut bytes = Vec::with_capacity(items.len() * 2);
        bytes.extend((items.len() as u64).to_le_bytes());
        bytes.extend(items);
        if let Some(units) = &self.units {
            bytes.extend(units.to_bytes());
        }
        bytes
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are none, or of another version: then it has to be trained anew.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (length, rest) = bytes.split_first_chunk::<8>().unwrap_or((&[0xff; 8], &[]));
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (items, units) = rest.split_at_checked(length).unwrap_or((&[], &[]));
        let units = if units.is_empty() { None } else { Some(Classifier::from_bytes(units)?) };
        Ok(Self { items: Classifier::from_bytes(items)?, units })
    }
}
