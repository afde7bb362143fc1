//! Texts that may be alike, found without comparing each with each: MinHash in bands.

use crate::gram::Gram;

/// Bands of a signature: texts that share one of them may be alike.
pub const BANDS: usize = 20;
/// Hashes of a band. Two texts of which a share s of the grams is common share a band with probability 1 − (1 − s²)²⁰:
/// 0.85 at 0.3, 0.97 at 0.4, 0.997 at 0.5; unrelated requests, at 0.03, with 0.02.
const ROWS: usize = 2;

/// The smallest of each of forty hashes of a text's grams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature([u64; BANDS * ROWS]);

impl Signature {
    /// Of a text's grams in any order; none when there is none.
    #[must_use]
    pub fn of(grams: &[Gram]) -> Option<Self> {
        if grams.is_empty() {
            return None;
        }
        let mut least = [u64::MAX; BANDS * ROWS];
        for gram in grams {
            let gram = mix(u64::from(gram.cast_unsigned()));
            for (seed, least) in (1..).zip(&mut least) {
                *least = (*least).min(mix(gram ^ mix(seed)));
            }
        }
        Some(Self(least))
    }

    /// The keys of the bands among those of the same place and period; of other places or periods no key is the same, but for
    /// the chance of 64 bits.
    #[must_use]
    pub fn bands(&self, place: i64, period: i64) -> Vec<i64> {
        (0..)
            .zip(self.0.chunks(ROWS))
            .map(|(band, rows)| {
                let salt = [band, place.cast_unsigned(), period.cast_unsigned()];
                let key = salt.iter().chain(rows).fold(0, |key, part| mix(mix(key) ^ part));
                key.cast_signed()
            })
            .collect()
    }
}

/// The finaliser of SplitMix64, on the next step from this one.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stored must be found by later releases: these numbers change only together with [`crate::VERSION`].
    #[test]
    fn signatures_are_what_they_were() {
        let bands = Signature::of(&[1, 2, 3]).unwrap().bands(440_106_000_000, 1);
        assert_eq!(bands.len(), BANDS);
        assert_eq!(bands[0], 3_662_366_590_186_303_812);
    }

    #[test]
    fn nothing_has_no_signature() {
        assert_eq!(Signature::of(&[]), None);
    }
}
