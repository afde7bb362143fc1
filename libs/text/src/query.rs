//! A query, cut.

use crate::{
    dictionary::Dictionary,
    gram::{Gram, Grams, pairs, word},
    runs::{Run, runs},
};

/// Characters that carry no meaning of their own where they stand alone between words.
const FUNCTION: &str =
    "的了在是和与及或把被对也都就很又还有没不我你他她它们这那个吗呢吧啊之以于为从到向跟请再让给";

/// Something that a text must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it was asked for, folded.
    pub text: String,
    /// All its pairs, or itself.
    grams: Vec<Gram>,
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    words: Vec<Word>,
    required: Grams,
    ranked: Grams,
}

impl Query {
    /// Cuts a text. Runs of Chinese characters become words of the dictionary by the longest match, and what is between them
    /// pairs that do not overlap; a last single character joins the word before it. Other single characters, long numbers and
    /// punctuation ask for nothing.
    #[must_use]
    pub fn cut(text: &str, dictionary: &Dictionary) -> Self {
        let (mut words, mut ranked) = (Vec::new(), Vec::new());
        for run in runs(text) {
            match run {
                Run::Joined(chars) => {
                    ranked.extend(pairs(&chars));
                    words.extend(cut(&chars, dictionary).into_iter().map(|(from, to)| Word {
                        text: chars[from..to].iter().collect(),
                        grams: pairs(&chars[from..to]).collect(),
                    }));
                }
                Run::Word(text) => {
                    ranked.push(word(&text));
                    words.push(Word { grams: vec![word(&text)], text });
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        words.retain(|word: &Word| seen.insert(word.text.clone()));
        let required =
            Grams::from_unsorted(words.iter().flat_map(|word| word.grams.iter().copied()).collect());
        Self { words, required, ranked: Grams::from_unsorted(ranked) }
    }

    /// In order; empty when the text asks for nothing.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// What a text must have, all of it.
    #[must_use]
    pub fn required(&self) -> &Grams {
        &self.required
    }

    /// What makes one text that matches better than another, beside what all have that match: pairs over the borders of words.
    #[must_use]
    pub fn bonus(&self) -> Grams {
        self.ranked.without(&self.required)
    }
}

impl Word {
    /// Whether a text with these grams has it.
    #[must_use]
    pub fn is_in(&self, grams: &Grams) -> bool {
        self.grams.iter().all(|gram| grams.as_slice().binary_search(gram).is_ok())
    }
}

/// Words of a run, as places from and to.
fn cut(run: &[char], dictionary: &Dictionary) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut unknown = 0;
    let mut at = 0;
    while at < run.len() {
        match dictionary.longest_match(&run[at..]) {
            Some(length) => {
                halve(run, unknown, at, &mut words);
                words.push((at, at + length));
                at += length;
                unknown = at;
            }
            None => at += 1,
        }
    }
    halve(run, unknown, at, &mut words);
    words
}

/// Pairs of what no word of the dictionary is in.
fn halve(run: &[char], from: usize, to: usize, words: &mut Vec<(usize, usize)>) {
    let mut at = from;
    while at + 2 <= to {
        words.push((at, at + 2));
        at += 2;
    }
    if at == to {
        return;
    }
    // One is left. Behind a pair of its own stretch, or at the end of the run, it belongs to the word before it.
    let alone = at == from;
    if (!alone || to == run.len() && !FUNCTION.contains(run[at]))
        && let Some(last) = words.last_mut()
    {
        last.1 = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let dictionary = Dictionary::with(["投诉", "噪音", "施工噪音", "停车", "天河"]);
        Query::cut(text, &dictionary).words().iter().map(|word| word.text.clone()).collect()
    }

    #[test]
    fn words_of_the_dictionary_come_first_and_the_rest_in_pairs() {
        assert_eq!(words("投诉噪音"), ["投诉", "噪音"]);
        assert_eq!(words("施工噪音"), ["施工噪音"], "the longest");
        assert_eq!(words("鼗鼙鼚鼛"), ["鼗鼙", "鼚鼛"]);
        assert_eq!(words("鼗鼙鼚"), ["鼗鼙鼚"], "a last single one joins the pair before it");
        assert_eq!(words("鼗鼙鼚投诉"), ["鼗鼙鼚", "投诉"]);
        assert_eq!(words("停车费"), ["停车费"], "and the word before it");
        assert_eq!(words("投诉的噪音"), ["投诉", "噪音"], "between words it asks for nothing");
        assert_eq!(words("投诉了"), ["投诉"]);
        assert_eq!(words("A3区 ktv 噪音 KTV"), ["a3", "ktv", "噪音"]);
        assert_eq!(words("水"), Vec::<String>::new());
        assert_eq!(words("13800138000"), Vec::<String>::new());
    }

    #[test]
    fn two_words_find_each_other_in_any_order_and_not_one_of_them() {
        let query = Query::cut("投诉噪音", &Dictionary::with(["投诉", "噪音"]));
        let finds = |text: &str| Grams::of(text).contains(query.required());
        assert!(finds("市民来电反映噪音，要求投诉"));
        assert!(finds("噪音投诉"));
        assert!(!finds("投诉物业收费"));
        assert!(!finds("夜间噪音"));
        assert_eq!(query.bonus().as_slice().len(), 1, "诉噪");
    }
}
