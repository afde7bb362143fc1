//! A linear classifier of short texts by their character n-grams of one to three. No IO, no clock, no dice: the same
//! samples in the same order give the same classifier anywhere.
//!
//! A text is a [`Bag`] of hashed n-grams. Those that enough texts have become a weighted vector (TF-IDF, sublinear, of
//! length one), and each class has a weight for each of them: one against the rest, squared hinge loss, by stochastic
//! gradient descent, which also takes single texts in later ([`Classifier::learn`]). How sure it is is a softmax over the
//! classes' scores, as sharp as fits what it said of texts it had not seen ([`evaluate`]). No text, and no n-gram that only a
//! few texts have, can be read from a classifier.

mod bag;
mod bytes;
mod calibrate;
mod classifier;
mod evaluate;
mod folds;
mod linear;
mod random;
mod train;
mod vocabulary;

pub use bag::Bag;
pub use bytes::Unreadable;
pub use classifier::{Classifier, Ranked};
pub use evaluate::{Evaluation, evaluate, evaluate_asked};
pub use folds::folds;
pub use train::{Cannot, Sample, Settings};
