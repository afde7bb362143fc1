//! A text as the n-grams it has.

use std::collections::HashMap;

/// Longest n-gram.
const LONGEST: usize = 3;
/// What stands in the head counts as often as if it were said so many times.
const HEAD: u16 = 4;
/// So many characters are looked at, of the head and of the body each.
const LOOKED_AT: usize = 20_000;

/// The n-grams of a text, hashed, each with how often it is there; and what else is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bag {
    /// By hash, in order.
    grams: Vec<(u32, u16)>,
    /// By hash, in order, each once.
    marks: Vec<u32>,
}

impl Bag {
    /// Of a text: its head, a line that counts more, and its body.
    #[must_use]
    pub fn of(head: &str, body: &str) -> Self {
        let mut counts: HashMap<u32, u16> = HashMap::new();
        for (text, weight) in [(head, HEAD), (body, 1)] {
            let chars = plain(text);
            for length in 1..=LONGEST {
                for gram in chars.windows(length).filter(|gram| gram.iter().any(|c| *c != ' ')) {
                    let count = counts.entry(hashed(gram.iter().copied())).or_default();
                    *count = count.saturating_add(weight);
                }
            }
        }
        let mut grams: Vec<_> = counts.into_iter().collect();
        grams.sort_unstable();
        Self { grams, marks: Vec::new() }
    }

    /// With something else that is known of the text, such as the branches it was filed under. What is known weighs as
    /// much as all the text.
    #[must_use]
    pub fn marked<'a>(mut self, marks: impl IntoIterator<Item = &'a str>) -> Self {
        self.marks = marks.into_iter().map(|mark| hashed(mark.chars())).collect();
        self.marks.sort_unstable();
        self.marks.dedup();
        self
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grams.is_empty()
    }

    pub(crate) fn grams(&self) -> &[(u32, u16)] {
        &self.grams
    }

    pub(crate) fn marks(&self) -> &[u32] {
        &self.marks
    }
}

/// Letters small and of usual width, every digit a zero (no number of anybody is a feature), and one blank for whatever
/// else stands between.
fn plain(text: &str) -> Vec<char> {
    let mut plain: Vec<char> = Vec::with_capacity(text.len().min(LOOKED_AT));
    for c in text.chars().take(LOOKED_AT) {
        let c = match fold(c) {
            c if c.is_numeric() => '0',
            c if c.is_alphabetic() => c,
            _ => ' ',
        };
        if c != ' ' || plain.last().is_some_and(|last| *last != ' ') {
            plain.push(c);
        }
    }
    plain
}

/// Of full-width forms the usual one, of capitals the small one.
fn fold(c: char) -> char {
    let c = match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let mut small = c.to_lowercase();
    match (small.next(), small.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// FNV-1a, folded.
fn hashed(chars: impl Iterator<Item = char>) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for c in chars {
        for byte in u32::from(c).to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference() {
        for (one, other) in [
            ("夜间施工，噪音扰民", "夜间施工！！噪音扰民"),
            ("ＫＴＶ扰民", "ktv扰民"),
            ("3号楼 停水", "7号楼  停水"),
            ("路灯不亮。", " 路灯不亮 "),
        ] {
            let (one, other) = (Bag::of("", one), Bag::of("", other));
            let shared = one.grams.iter().filter(|gram| other.grams.contains(gram)).count();
            assert!(shared + 3 >= one.grams.len().max(other.grams.len()), "{one:?} {other:?}");
        }
    }

    #[test]
    fn one_to_three_characters_are_a_gram_and_blanks_are_none() {
        assert_eq!(Bag::of("", "路灯坏").grams.len(), 3 + 2 + 1);
        assert_eq!(Bag::of("", "路 灯").grams.len(), 2 + 2 + 1, "路, 灯, 路_, _灯, 路_灯");
        assert!(Bag::of(" ，", "…").is_empty());
    }

    #[test]
    fn the_head_counts_more() {
        let bag = Bag::of("灯", "灯");
        assert_eq!(bag.grams[0].1, HEAD + 1);
    }
}
