//! Texts cut for search, and how alike they are. No IO, no clock, no dice: the same text gives the same grams anywhere.
//!
//! A text is indexed by its **grams**: the overlapping pairs of each run of Chinese characters, and the Latin words and
//! numbers as wholes. A query is cut into words of a dictionary, by the longest match, and what is between them into pairs;
//! a text matches when it has all grams of all words. Source: REQUIREMENTS T28.
//!
//! How alike two texts are is the share of their telling grams that both have: without those of phrases that all requests have,
//! which would make any two of a hotline's requests alike. [`Signature`] finds those that may be alike without
//! comparing each with each. Source: REQUIREMENTS T10.

mod common;
mod dictionary;
mod gram;
mod query;
mod runs;
mod signature;
mod snippet;

pub use dictionary::Dictionary;
pub use gram::{Gram, Grams, key};
pub use query::{Query, Word};
pub use signature::{BANDS, Signature};
pub use snippet::{Snippet, snippet};

/// Of the way texts are cut and signed. What was indexed with another is indexed anew.
pub const VERSION: i32 = 2;
