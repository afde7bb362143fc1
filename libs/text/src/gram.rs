//! What a text is indexed by.

use crate::runs::{Run, runs};

/// A pair of neighbouring characters, or a word. Pairs of the usual ideographs have a number of their own; everything else
/// shares 2³¹ numbers by a hash.
pub type Gram = i32;

/// The usual ideographs: U+4E00 to U+9FFF.
const FIRST: u32 = 0x4e00;
const USUAL: u32 = 0xa000 - FIRST;

/// The grams of a text, in order and each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grams(Vec<Gram>);

impl Grams {
    /// Of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut grams = Vec::new();
        for run in runs(text) {
            match run {
                Run::Joined(chars) => grams.extend(pairs(&chars)),
                Run::Word(text) => grams.push(word(&text)),
            }
        }
        Self::from_unsorted(grams)
    }

    /// Of grams in any order.
    #[must_use]
    pub fn from_unsorted(mut grams: Vec<Gram>) -> Self {
        grams.sort_unstable();
        grams.dedup();
        Self(grams)
    }

    /// In order.
    #[must_use]
    pub fn as_slice(&self) -> &[Gram] {
        &self.0
    }

    /// In order.
    #[must_use]
    pub fn into_vec(self) -> Vec<Gram> {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of the others are among them.
    #[must_use]
    pub fn contains(&self, others: &Self) -> bool {
        shared(&self.0, &others.0) == others.0.len()
    }

    /// Those of these that are not among the others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self(self.0.iter().copied().filter(|gram| others.0.binary_search(gram).is_err()).collect())
    }

    /// The share of both texts' grams that are in both (Jaccard), 0 to 1; 0 when one has none. `others` are in order.
    #[must_use]
    pub fn alike(&self, others: &[Gram]) -> f64 {
        let both = shared(&self.0, others);
        let either = self.0.len() + others.len() - both;
        if either == 0 { 0.0 } else { count(both) / count(either) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "grams of a text are far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

/// How many are in both; both are in order.
fn shared(left: &[Gram], right: &[Gram]) -> usize {
    let (mut l, mut r, mut both) = (0, 0, 0);
    while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
        l += usize::from(a <= b);
        r += usize::from(b <= a);
        both += usize::from(a == b);
    }
    both
}

/// Of a run; one character alone has none.
pub(crate) fn pairs(chars: &[char]) -> impl Iterator<Item = Gram> {
    chars.windows(2).map(|two| pair(two[0], two[1]))
}

fn pair(first: char, second: char) -> Gram {
    let usual = |c: char| u32::from(c).checked_sub(FIRST).filter(|place| *place < USUAL);
    match (usual(first), usual(second)) {
        // 20,992² is below 2³¹.
        (Some(first), Some(second)) => (first * USUAL + second).cast_signed(),
        _ => hashed([first, second].into_iter()),
    }
}

pub(crate) fn word(text: &str) -> Gram {
    // A word is no pair, even if it has two letters.
    hashed(std::iter::once('\0').chain(text.chars()))
}

/// Of something that is no text, such as a number, so that it is found like one and by no text.
#[must_use]
pub fn key(kind: &str, value: &str) -> Gram {
    hashed(std::iter::once('\u{1}').chain(kind.chars()).chain(std::iter::once('\u{1}')).chain(value.chars()))
}

/// FNV-1a, folded; below zero, where no pair of usual ideographs is.
fn hashed(chars: impl Iterator<Item = char>) -> Gram {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for c in chars {
        for byte in u32::from(c).to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let folded = u32::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or_default();
    (folded | 0x8000_0000).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_overlap_and_words_are_whole() {
        assert_eq!(Grams::of("噪音扰民").as_slice().len(), 3);
        assert!(Grams::of("深夜KTV噪音").contains(&Grams::of("ktv")));
        assert!(!Grams::of("深夜KTV噪音").contains(&Grams::of("kt")));
        assert!(!Grams::of("噪音，扰民").contains(&Grams::of("音扰")), "no pair over a comma");
        assert!(Grams::of("水").is_empty());
    }

    /// What is stored must be found by later releases: these numbers change only together with [`crate::VERSION`].
    #[test]
    fn grams_are_what_they_were() {
        assert_eq!(Grams::of("噪音").as_slice(), [45_235_699]);
        assert_eq!(Grams::of("ktv").as_slice().len(), 1);
        assert!(Grams::of("ktv").as_slice()[0] < 0);
    }

    #[test]
    fn alike_is_the_share_of_common_grams() {
        let same = |a: &str, b: &str| Grams::of(a).alike(Grams::of(b).as_slice());
        assert!((same("夜间施工噪音", "夜间施工噪音") - 1.0).abs() < 1e-9);
        assert!(same("夜间施工噪音", "停水停电") < 1e-9);
        // 夜间 间施 施工 工噪 噪音 / 施工 工噪 噪音 音大
        assert!((same("夜间施工噪音", "施工噪音大") - 0.5).abs() < 1e-9);
        assert!(same("", "") < 1e-9);
    }
}
