//! What was learnt, and asking it.

use super::lesson::{Lesson, known, with_item};
use gongdan_classify::{Bag, Classifier};
use std::collections::HashSet;

/// A suggestion and how sure it is, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Key of an item, or id of a unit.
    pub key: String,
    /// How sure.
    pub confidence: f32,
}

/// What was suggested first for a ticket that has resolved by now, against what became of it; none: nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hits {
    /// The item was right.
    pub item: Option<bool>,
    /// The unit was right.
    pub unit: Option<bool>,
}

/// Suggests items and units.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggester {
    pub(super) items: Classifier,
    /// None: there were too few tickets whose unit is known.
    pub(super) units: Option<Classifier>,
}

impl Suggester {
    /// Items for a text, likeliest first, only of those that can be chosen, if that is known; none when nothing of it was
    /// ever seen.
    #[must_use]
    pub fn items(&self, text: &Bag, offered: Option<&HashSet<String>>, at_most: usize) -> Vec<Hit> {
        let among = offered.map(|offered| {
            let known = self.items.labels().iter().zip(0..);
            known.filter(|(label, _)| offered.contains(*label)).map(|(_, class)| class).collect()
        });
        hits(&self.items, text, among, at_most)
    }

    /// Units for a text and what is known of its item, likeliest first, only of those that come into question.
    #[must_use]
    pub fn units(&self, text: &Bag, item: Option<&str>, among: &[String], at_most: usize) -> Vec<Hit> {
        let Some(units) = &self.units else { return Vec::new() };
        let text = with_item(text.clone(), item.and_then(known));
        hits(units, &text, Some(classes(units, among)), at_most)
    }

    /// How many items and units it knows.
    #[must_use]
    pub fn classes(&self) -> (usize, usize) {
        (self.items.labels().len(), self.units.as_ref().map_or(0, |units| units.labels().len()))
    }

    /// Takes a ticket in that has resolved; says what it would have suggested first, not knowing the outcome. `among` are
    /// the units that came into question.
    pub fn learn(&mut self, lesson: &Lesson, among: &[String]) -> Hits {
        let mut said = Hits::default();
        if let Some(class) = lesson.known_item().and_then(|item| self.items.class(item)) {
            let first = self.items.rank(&lesson.bag, None).first().map(|ranked| ranked.class);
            said.item = first.map(|first| first == class);
            self.items.learn(&lesson.bag, class, None);
        }
        let Some(units) = &mut self.units else { return said };
        let Some(class) = units.class(&lesson.unit_id).filter(|_| among.contains(&lesson.unit_id)) else {
            return said;
        };
        let among = classes(units, among);
        // As it would be asked: nobody knew the item yet.
        let first = units.rank(&lesson.bag, Some(&among)).first().map(|ranked| ranked.class);
        said.unit = first.map(|first| first == class);
        units.learn(&with_item(lesson.bag.clone(), lesson.known_item()), class, Some(&among));
        units.learn(&lesson.bag, class, Some(&among));
        said
    }
}

fn classes(classifier: &Classifier, keys: &[String]) -> Vec<u32> {
    keys.iter().filter_map(|key| classifier.class(key)).collect()
}

fn hits(classifier: &Classifier, text: &Bag, among: Option<Vec<u32>>, at_most: usize) -> Vec<Hit> {
    let ranked = classifier.rank(text, among.as_deref());
    let hit = |class: u32, confidence| {
        classifier.labels().get(class as usize).map(|key| Hit { key: key.clone(), confidence })
    };
    ranked.into_iter().take(at_most).filter_map(|ranked| hit(ranked.class, ranked.confidence)).collect()
}
