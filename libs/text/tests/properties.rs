//! What holds for every text.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use gongdan_text::{Dictionary, Grams, Query, Signature, snippet};
use proptest::{prelude::*, sample::Index};

/// Characters that requests are made of, so that words of the dictionary come up.
fn character() -> impl Strategy<Value = char> {
    let usual: Vec<char> =
        "投诉噪音施工小区物业停车费电梯的了很，。！ 夜间扰民天河区A3ktvＫ1200".chars().collect();
    prop_oneof![9 => prop::sample::select(usual), 1 => any::<char>()]
}

fn text(longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..longest).prop_map(|chars| chars.into_iter().collect())
}

/// Chinese characters only.
fn joined(longest: usize) -> impl Strategy<Value = String> {
    let usual: Vec<char> = "投诉噪音施工小区物业停车费电梯的了很夜间扰民天河区鼗鼙鼚鼛".chars().collect();
    prop::collection::vec(prop::sample::select(usual), 2..longest)
        .prop_map(|chars| chars.into_iter().collect())
}

fn dictionary() -> Dictionary {
    Dictionary::with(["施工噪音", "天河"])
}

proptest! {
    /// A text that contains the query as it was written is found.
    #[test]
    fn what_is_there_is_found(before in text(20), query in joined(12), after in text(20)) {
        let query_of = Query::cut(&query, &dictionary());
        let grams = Grams::of(&format!("{before}{query}{after}"));
        prop_assert!(grams.contains(query_of.required()));
        prop_assert!(query_of.words().iter().all(|word| word.is_in(&grams)));
    }

    /// The words in another order, with anything between them, are found.
    #[test]
    fn the_order_of_words_does_not_matter(query in text(20), between in text(6), seed in any::<Index>()) {
        let query = Query::cut(&query, &dictionary());
        let mut words: Vec<&str> = query.words().iter().map(|word| word.text.as_str()).collect();
        if !words.is_empty() {
            let by = seed.index(words.len());
            words.rotate_left(by);
        }
        let text = words.join(&format!("，{between}，"));
        prop_assert!(Grams::of(&text).contains(query.required()));
    }

    /// A text without one of the words is not found.
    #[test]
    fn all_words_must_be_there(query in text(20)) {
        let query = Query::cut(&query, &dictionary());
        for (at, missing) in query.words().iter().enumerate() {
            let rest: Vec<&str> = query.words().iter().enumerate()
                .filter(|(other, _)| *other != at).map(|(_, word)| word.text.as_str()).collect();
            let grams = Grams::of(&rest.join("，"));
            prop_assert_eq!(grams.contains(query.required()), missing.is_in(&grams));
        }
    }

    /// Each Chinese word is at least a pair, lies in the query as it is, and the words stand in its order.
    #[test]
    fn words_are_parts_of_the_query(query in joined(30)) {
        let mut rest = query.as_str();
        let mut seen = std::collections::HashSet::new();
        for word in Query::cut(&query, &dictionary()).words() {
            prop_assert!(word.text.chars().count() >= 2);
            prop_assert!(seen.insert(word.text.clone()), "each once");
            let at = rest.find(&word.text);
            prop_assert!(at.is_some());
            rest = &rest[at.unwrap_or(0)..];
        }
        prop_assert!(!seen.is_empty());
    }

    /// No personal number leaves a gram, however it is written.
    #[test]
    fn numbers_of_people_leave_nothing(
        before in joined(8), digits in "1[3-9][0-9]{9}", gap in prop::sample::select(vec!["", " ", "-"]), after in joined(8),
    ) {
        let number = format!("{}{gap}{}{gap}{}", &digits[..3], &digits[3..7], &digits[7..]);
        let with = Grams::of(&format!("{before}{number}{after}"));
        let without = Grams::of(&format!("{before} {after}"));
        prop_assert_eq!(with, without);
    }

    /// Alike is symmetric, 1 for the same text with grams, and within 0 and 1.
    #[test]
    fn alike_is_a_measure(left in text(40), right in text(40)) {
        let (l, r) = (Grams::of(&left), Grams::of(&right));
        let alike = l.alike(r.as_slice());
        prop_assert!((0.0..=1.0).contains(&alike));
        prop_assert!((alike - r.alike(l.as_slice())).abs() < 1e-12);
        if !l.is_empty() {
            prop_assert!((l.alike(l.as_slice()) - 1.0).abs() < 1e-12);
        }
    }

    /// A signature does not depend on the order of grams; its bands do depend on place and period.
    #[test]
    fn signatures_are_of_sets(grams in prop::collection::vec(any::<i32>(), 1..60), by in any::<Index>()) {
        let mut turned = grams.clone();
        turned.rotate_left(by.index(grams.len()));
        let (one, other) = (Signature::of(&grams).unwrap(), Signature::of(&turned).unwrap());
        prop_assert_eq!(&one, &other);
        let here = one.bands(440_106_000_000, 12);
        prop_assert_eq!(&here, &other.bands(440_106_000_000, 12));
        for elsewhere in [one.bands(440_105_000_000, 12), one.bands(440_106_000_000, 13)] {
            prop_assert!(here.iter().all(|key| !elsewhere.contains(key)));
        }
    }

    /// What a snippet marks are words of the query, within the snippet, and as long as asked for.
    #[test]
    fn snippets_mark_what_was_asked_for(text in text(80), query in text(10), length in 8..40usize) {
        let query = Query::cut(&query, &dictionary());
        let snippet = snippet(&text, &query, length);
        let chars = snippet.text.chars().count();
        prop_assert!(chars <= length + 2);
        let mut end = 0;
        for (at, length) in snippet.found {
            prop_assert!(at >= end && length > 0 && at + length <= chars);
            end = at + length;
        }
    }
}

/// Requests that are mostly the same share a band far more often than those that are not.
#[test]
fn bands_find_what_is_alike() {
    let sets = |shared: i32, own: i32, from: i32| -> (Vec<i32>, Vec<i32>) {
        let left = (from..from + shared + own).collect();
        let right = (from..from + shared).chain(from + 100_000..from + 100_000 + own).collect();
        (left, right)
    };
    let found = |shared: i32, own: i32| -> usize {
        (0..200)
            .filter(|round| {
                let (left, right) = sets(shared, own, round * 1_000);
                let bands = |grams: &[i32]| Signature::of(grams).unwrap().bands(1, 1);
                let right = bands(&right);
                bands(&left).iter().any(|band| right.contains(band))
            })
            .count()
    };
    // Of 200 pairs. Jaccard 0.6, 0.3 and 0.03.
    let (much, some, hardly) = (found(150, 50), found(92, 108), found(12, 188));
    assert!(much >= 195, "{much}");
    assert!((140..=195).contains(&some), "{some}");
    assert!(hardly <= 15, "{hardly}");
}
