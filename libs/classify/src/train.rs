//! From samples to weights.

use crate::{
    Bag,
    linear::Linear,
    random::Random,
    vocabulary::{Vector, Vocabulary},
};
use std::sync::Arc;

/// A text whose class is known.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The text.
    pub bag: Arc<Bag>,
    /// Its class.
    pub label: u32,
    /// The classes that came into question for it, its own among them; none: all.
    pub among: Option<Arc<[u32]>>,
}

/// How it is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How often every sample is looked at.
    pub rounds: usize,
    /// How far each goes.
    pub rate: f32,
    /// How much weights shrink at each sample, as a share of `rate`.
    pub shrink: f32,
    /// What fewer texts have is not looked at, and kept nowhere.
    pub seen_in: u32,
    /// Weights at most: with many classes fewer n-grams are looked at.
    pub weights_at_most: usize,
    /// For the order of samples and the parts of an evaluation.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rounds: 10, rate: 0.2, shrink: 1e-5, seen_in: 3, weights_at_most: 4_000_000, seed: 12_345 }
    }
}

/// Why nothing was trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// One class is none to choose from.
    #[error("fewer than two classes")]
    OneClass,
    /// Fewer samples than parts, or none.
    #[error("too few texts")]
    TooFew,
    /// A sample's class is none of the classes, or not among those that came into question.
    #[error("a class out of range")]
    OutOfRange,
    /// Nothing that several texts have.
    #[error("the texts have nothing in common")]
    NothingInCommon,
    /// The caller stopped it.
    #[error("stopped")]
    Stopped,
}

/// Weights of a set of samples.
pub(crate) struct Trained {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) linear: Linear,
}

/// `go_on` is asked after each round.
pub(crate) fn train(
    classes: usize,
    samples: &[&Sample],
    settings: &Settings,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Trained, Cannot> {
    let bags: Vec<Arc<Bag>> = samples.iter().map(|sample| sample.bag.clone()).collect();
    let vocabulary = Vocabulary::of(&bags, settings.seen_in, settings.weights_at_most / classes.max(1));
    if vocabulary.len() == 0 {
        return Err(Cannot::NothingInCommon);
    }
    let vectors: Vec<Vector> = samples.iter().map(|sample| vocabulary.vector(&sample.bag)).collect();
    let bare = vocabulary.grams.len() as u32;
    let mut linear = Linear::new(vocabulary.len(), classes);
    let mut order: Vec<usize> = (0..samples.len()).collect();
    let (mut random, mut scores, mut shortened) = (Random::new(settings.seed), Vec::new(), Vec::new());
    for round in 0..settings.rounds {
        random.shuffle(&mut order);
        for at in &order {
            let (sample, mut vector) = (samples[*at], &vectors[*at]);
            // Every other time without what else is known of it: later, that may not be known.
            if (round + at) % 2 == 1 && vector.last().is_some_and(|(feature, _)| *feature >= bare) {
                shortened.clear();
                shortened.extend(vector.iter().copied().take_while(|(feature, _)| *feature < bare));
                vector = &shortened;
            }
            linear.shrink(settings.rate * settings.shrink);
            linear.step(vector, sample.label, sample.among.as_deref(), settings.rate, &mut scores);
        }
        if !go_on() {
            return Err(Cannot::Stopped);
        }
    }
    linear.settle();
    Ok(Trained { vocabulary, linear })
}

/// What has to hold of samples before anything is made of them.
pub(crate) fn check(classes: usize, samples: &[Sample], at_least: usize) -> Result<(), Cannot> {
    let known = |class: &u32| (*class as usize) < classes;
    let sound = |sample: &Sample| {
        known(&sample.label)
            && sample
                .among
                .as_ref()
                .is_none_or(|among| among.iter().all(known) && among.contains(&sample.label))
    };
    match () {
        () if classes < 2 => Err(Cannot::OneClass),
        () if samples.len() < at_least.max(1) => Err(Cannot::TooFew),
        () if !samples.iter().all(sound) => Err(Cannot::OutOfRange),
        () => Ok(()),
    }
}
