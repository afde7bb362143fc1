//! Looking for values in whatever a suite writes, in every spelling they may have there.

use crate::spelling::{read_aloud, spellings};
use aho_corasick::AhoCorasick;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Something that is searched: where it lies, and what is there.
#[derive(Clone)]
pub struct Piece {
    /// Its place: `log logs/tickets.log`, `row tickets public.tickets.subject`.
    pub place: String,
    /// What is there.
    pub bytes: Vec<u8>,
}

/// A value and where it may be. A `*` in a place stands for anything.
#[derive(Clone)]
pub struct Value {
    what: String,
    text: String,
    homes: Vec<String>,
    tolerated: Vec<String>,
}

impl Value {
    /// A value that must be found nowhere.
    #[must_use]
    pub fn nowhere(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self { what: what.into(), text: text.into(), homes: Vec::new(), tolerated: Vec::new() }
    }

    /// It must be found here.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.homes.push(place.into());
        self
    }

    /// It may be found here.
    #[must_use]
    pub fn or(mut self, places: &[&str]) -> Self {
        self.tolerated.extend(places.iter().map(|place| (*place).to_owned()));
        self
    }

    /// Whether there is no place for it at all, but for files that are named.
    #[must_use]
    pub fn has_no_place(&self) -> bool {
        self.homes.is_empty() && self.tolerated.iter().all(|place| place.starts_with("file "))
    }
}

fn is_in(place: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| place.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// A search that goes on, piece by piece.
pub struct Search {
    values: Vec<Value>,
    /// Of each pattern the number of its value.
    owners: Vec<usize>,
    patterns: AhoCorasick,
    places: Vec<BTreeSet<String>>,
    sizes: BTreeMap<String, usize>,
}

impl Search {
    /// For these values.
    ///
    /// # Panics
    /// When they are too many.
    #[must_use]
    pub fn of(values: Vec<Value>) -> Self {
        let (mut owners, mut texts) = (Vec::new(), Vec::new());
        for (number, value) in values.iter().enumerate() {
            for spelling in spellings(&value.text) {
                owners.push(number);
                texts.push(spelling);
            }
        }
        let patterns = AhoCorasick::new(&texts).expect("patterns");
        let places = vec![BTreeSet::new(); values.len()];
        Self { values, owners, patterns, places, sizes: BTreeMap::new() }
    }

    /// Looks through a piece.
    pub fn look(&mut self, piece: &Piece) {
        *self.sizes.entry(piece.place.clone()).or_default() += piece.bytes.len();
        for bytes in [&piece.bytes, &read_aloud(&piece.bytes)] {
            for found in self.patterns.find_overlapping_iter(bytes) {
                self.places[self.owners[found.pattern().as_usize()]].insert(piece.place.clone());
            }
        }
    }

    /// Looks through pieces.
    pub fn look_all<'a>(&mut self, pieces: impl IntoIterator<Item = &'a Piece>) {
        pieces.into_iter().for_each(|piece| self.look(piece));
    }

    /// Bytes that were looked through at such places.
    #[must_use]
    pub fn seen(&self, pattern: &str) -> usize {
        self.sizes.iter().filter(|(place, _)| is_in(place, pattern)).map(|(_, size)| size).sum()
    }

    /// Fails with everything that is where it must not be, or not where it must be.
    ///
    /// # Panics
    /// Then.
    pub fn finish(&self) {
        let mut wrong = String::new();
        for (value, places) in self.values.iter().zip(&self.places) {
            let Value { what, text, homes, tolerated } = value;
            let allowed = |place: &str| homes.iter().chain(tolerated).any(|pattern| is_in(place, pattern));
            for place in places.iter().filter(|place| !allowed(place)) {
                let _ = writeln!(wrong, "{what} ({text}) is in {place}");
            }
            for home in homes.iter().filter(|home| !places.iter().any(|place| is_in(place, home))) {
                let _ = writeln!(wrong, "{what} ({text}) is not in {home}, where it belongs");
            }
        }
        assert!(wrong.is_empty(), "\n{wrong}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, bytes: &[u8]) -> bool {
        let mut search = Search::of(vec![Value::nowhere("it", text)]);
        search.look(&Piece { place: "here".to_owned(), bytes: bytes.to_vec() });
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| search.finish())).is_err()
    }

    #[test]
    fn a_value_is_found_in_every_spelling() {
        for text in [
            "电话19973150846。",
            "+86 199-7315-0846",
            "１９９　７３１５　０８４６",
            "(0086)199.7315.0846",
            "3139393733313530383436",
            "MTk5NzMxNTA4NDY=",
            "eDE5OTczMTUwODQ2",
            "eHgxOTk3MzE1MDg0Ng==",
        ] {
            assert!(found("19973150846", text.as_bytes()), "{text}");
        }
        for text in [
            "欧阳璎翀",
            r"\u6b27\u9633\u748e\u7fc0",
            r"\u{6b27}\u{9633}\u{748e}\u{7fc0}",
            "%E6%AC%A7%E9%98%B3%E7%92%8E%E7%BF%80",
        ] {
            assert!(found("欧阳璎翀", text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_masked_or_another_is_not_found() {
        for text in ["199****0846", "19973150847", "199731", ""] {
            assert!(!found("19973150846", text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(is_in("row a b", "row a b") && is_in("row a b", "row * b") && is_in("row a b c", "*a*b*"));
        assert!(!is_in("row a b c", "row a b") && !is_in("row a b", "row * c") && !is_in("row a b", "*b*a*"));
    }

    #[test]
    fn a_value_must_be_where_it_belongs() {
        let mut search = Search::of(vec![Value::nowhere("it", "值得保守").at("a *").or(&["b"])]);
        search.look(&Piece { place: "b".to_owned(), bytes: "值得保守".into() });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| search.finish())).is_err());
        search.look(&Piece { place: "a 1".to_owned(), bytes: "值得保守".into() });
        search.finish();
    }
}
