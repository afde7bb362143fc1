//! The part of a text that shows why it was found.

use crate::{Query, runs::fold};

/// Characters shown before the first word that is found.
const BEFORE: usize = 12;

/// A part of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// With `…` where the text was cut.
    pub text: String,
    /// Where words of the query are in it, as first character and number of characters, in order and apart.
    pub found: Vec<(usize, usize)>,
}

/// At most `length` characters of a text around the first place where a word of the query is. Line breaks become spaces.
/// A text that has no word as it was asked for, only the pairs of one, begins at its beginning.
#[must_use]
pub fn snippet(text: &str, query: &Query, length: usize) -> Snippet {
    let shown: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let folded: Vec<char> = shown.iter().copied().map(fold).collect();
    let mut places = Vec::new();
    for word in query.words() {
        let word: Vec<char> = word.text.chars().collect();
        let found = folded.windows(word.len().max(1)).enumerate().filter(|(_, window)| *window == word);
        places.extend(found.map(|(at, _)| (at, at + word.len())));
    }
    places.sort_unstable();
    let begin = match places.first() {
        Some((first, _)) if shown.len() > length => first.saturating_sub(BEFORE).min(shown.len() - length),
        _ => 0,
    };
    let end = shown.len().min(begin + length);
    let lead = usize::from(begin > 0);
    let mut part: String = shown[begin..end].iter().collect();
    if begin > 0 {
        part.insert(0, '…');
    }
    if end < shown.len() {
        part.push('…');
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut covered = begin;
    for (from, to) in places {
        let (from, to) = (from.max(covered), to.min(end));
        if from < to {
            let at = from - begin + lead;
            match found.last_mut() {
                // Right behind the one before: one mark.
                Some((last, length)) if *last + *length == at => *length += to - from,
                _ => found.push((at, to - from)),
            }
            covered = to;
        }
    }
    Snippet { text: part, found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dictionary;

    #[test]
    fn it_shows_the_first_word_with_what_is_around_it() {
        let query = Query::cut("噪音 KTV", &Dictionary::with(["噪音"]));
        let text = format!("{}ｋｔｖ噪音很大{}", "前".repeat(30), "后".repeat(30));
        let snippet = snippet(&text, &query, 24);
        assert_eq!(snippet.text, format!("…{}ｋｔｖ噪音很大{}…", "前".repeat(12), "后".repeat(5)));
        assert_eq!(snippet.found, [(13, 5)]);
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        let query = Query::cut("噪音", &Dictionary::with(["噪音"]));
        assert_eq!(
            snippet("停水\n噪音", &query, 24),
            Snippet { text: "停水 噪音".to_owned(), found: vec![(3, 2)] }
        );
        assert_eq!(snippet("", &query, 24), Snippet::default());
    }
}
