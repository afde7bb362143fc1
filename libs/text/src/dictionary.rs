//! Words that a query is cut into.

use crate::runs::{Run, runs};
use std::collections::HashSet;

/// Words of hotline requests that no catalogue names.
const SHIPPED: &str = include_str!("words.txt");

/// Words of two and more characters.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    words: HashSet<Vec<char>>,
    longest: usize,
}

impl Dictionary {
    /// The shipped words, and the runs of these names: those of a catalogue's items.
    #[must_use]
    pub fn with<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut dictionary = Self::default();
        for line in SHIPPED.lines().filter(|line| !line.starts_with('#')) {
            line.split_whitespace().for_each(|word| dictionary.add(word));
        }
        names.into_iter().for_each(|name| dictionary.add(name));
        dictionary
    }

    fn add(&mut self, text: &str) {
        for run in runs(text) {
            if let Run::Joined(chars) = run
                && chars.len() >= 2
            {
                self.longest = self.longest.max(chars.len());
                self.words.insert(chars);
            }
        }
    }

    /// Length of the longest word that the run begins with.
    pub(crate) fn longest_match(&self, run: &[char]) -> Option<usize> {
        (2..=self.longest.min(run.len())).rev().find(|length| self.words.contains(&run[..*length]))
    }

    /// In no order.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|chars| chars.iter().collect())
    }

    /// How many words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_wins() {
        let dictionary = Dictionary::with(["施工噪音", "城乡建设/安全生产"]);
        let length = |text: &str| dictionary.longest_match(&text.chars().collect::<Vec<_>>());
        assert_eq!(length("施工噪音很大"), Some(4));
        assert_eq!(length("安全生产管理"), Some(4));
        assert_eq!(length("噪音很大"), Some(2), "of the shipped words");
        assert_eq!(length("龘龘"), None);
    }

    #[test]
    fn the_shipped_words_are_words() {
        let dictionary = Dictionary::with([]);
        assert!(dictionary.len() > 300, "{}", dictionary.len());
        assert!(dictionary.words().all(|word| (2..=6).contains(&word.chars().count())));
    }
}
