//! Which n-grams are looked at, and what each weighs.

use crate::Bag;
use std::{collections::HashMap, sync::Arc};

/// A text's weights by feature; of length one, or the root of two where something else is known of it.
pub(crate) type Vector = Vec<(u32, f32)>;

/// The features: n-grams first, then marks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vocabulary {
    /// In order.
    pub(crate) grams: Vec<u32>,
    /// Inverse document frequency of each.
    pub(crate) idf: Vec<f32>,
    /// In order.
    pub(crate) marks: Vec<u32>,
}

impl Vocabulary {
    /// What at least `seen_in` texts have; of n-grams at most `limit`, those that most texts have.
    pub(crate) fn of(bags: &[Arc<Bag>], seen_in: u32, limit: usize) -> Self {
        let mut texts: HashMap<u32, u32> = HashMap::new();
        let mut marks: HashMap<u32, u32> = HashMap::new();
        for bag in bags {
            for (gram, _) in bag.grams() {
                *texts.entry(*gram).or_default() += 1;
            }
            for mark in bag.marks() {
                *marks.entry(*mark).or_default() += 1;
            }
        }
        let mut found: Vec<(u32, u32)> = texts.into_iter().filter(|(_, texts)| *texts >= seen_in).collect();
        found.sort_unstable_by_key(|(gram, texts)| (std::cmp::Reverse(*texts), *gram));
        found.truncate(limit);
        found.sort_unstable();
        let all = bags.len() as f32;
        let idf = found.iter().map(|(_, texts)| ((1.0 + all) / (1.0 + *texts as f32)).ln() + 1.0).collect();
        let mut marks: Vec<u32> =
            marks.into_iter().filter(|(_, texts)| *texts >= seen_in).map(|(mark, _)| mark).collect();
        marks.sort_unstable();
        Self { grams: found.into_iter().map(|(gram, _)| gram).collect(), idf, marks }
    }

    /// How many features there are.
    pub(crate) fn len(&self) -> usize {
        self.grams.len() + self.marks.len()
    }

    /// The weights of a text; none when it has nothing that is looked at.
    pub(crate) fn vector(&self, bag: &Bag) -> Vector {
        let mut vector: Vector = Vec::with_capacity(bag.grams().len() + bag.marks().len());
        let mut from = 0;
        for (gram, count) in bag.grams() {
            // Both are in order: what was passed need not be looked at again.
            match self.grams[from..].binary_search(gram) {
                Ok(at) => {
                    from += at;
                    vector.push((from as u32, (1.0 + f32::from(*count).ln()) * self.idf[from]));
                }
                Err(at) => from += at,
            }
        }
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut vector {
            *weight /= length;
        }
        let marks: Vec<usize> =
            bag.marks().iter().filter_map(|mark| self.marks.binary_search(mark).ok()).collect();
        let each = 1.0 / (marks.len() as f32).sqrt();
        vector.extend(marks.into_iter().map(|mark| ((self.grams.len() + mark) as u32, each)));
        vector
    }
}
