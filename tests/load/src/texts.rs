//! Requests as people write them, made of the shipped words: some words in most of them, most words in few.

use gongdan_text::Dictionary;

/// With what most of a hotline's requests begin and end.
const BEGIN: [&str; 3] = ["市民来电反映：", "来电人反映，", "市民投诉，"];
const END: [&str; 3] = ["请相关部门尽快核实处理并回复。", "希望有关部门协调解决，谢谢。", "请核实处理。"];
/// What stands between words.
const BETWEEN: [&str; 10] = ["的", "，", "在", "了", "和", "。", "附近", "一直", "，多次", ""];

/// Dice that fall the same for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// Below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }
}

/// Words by how often they come, and sentences of real messages where there are any.
pub(crate) struct Texts {
    words: Vec<String>,
    /// The sum of 1/rank up to each word, times a million.
    weights: Vec<u64>,
}

impl Texts {
    /// Of the shipped dictionary. The order, and so how often a word comes, is the same in every run.
    pub fn new() -> Self {
        let mut words: Vec<String> = Dictionary::with([]).words().collect();
        words.sort();
        let mut dice = Dice::new(12_345);
        for at in (1..words.len()).rev() {
            words.swap(at, dice.below(at + 1));
        }
        let mut sum = 0;
        let weights = (1..=words.len())
            .map(|rank| {
                sum += 1_000_000 / u64::try_from(rank + 5).unwrap_or(1);
                sum
            })
            .collect();
        Self { words, weights }
    }

    /// A word, the first ones more often.
    pub fn word(&self, dice: &mut Dice) -> &str {
        let total = self.weights.last().copied().unwrap_or(1);
        let drawn = u64::try_from(dice.below(usize::try_from(total).unwrap_or(usize::MAX))).unwrap_or(0);
        let at = self.weights.partition_point(|weight| *weight <= drawn);
        self.words.get(at).map_or("噪音", String::as_str)
    }

    /// Of this rank from the most common, 0.
    pub fn ranked(&self, rank: usize) -> &str {
        self.words.get(rank).map_or("噪音", String::as_str)
    }

    /// How many words.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Subject and body of a request.
    pub fn request(&self, serial: u64) -> (String, String) {
        let dice = &mut Dice::new(serial);
        let mut subject = String::new();
        for _ in 0..2 + dice.below(3) {
            subject.push_str(self.word(dice));
        }
        let mut body = String::new();
        if dice.below(10) < 7 {
            body.push_str(dice.one(&BEGIN));
        }
        for _ in 0..15 + dice.below(60) {
            body.push_str(self.word(dice));
            body.push_str(dice.one(&BETWEEN));
        }
        if dice.below(10) < 8 {
            body.push_str(dice.one(&END));
        }
        (subject, body)
    }
}
