//! Which catalogue item and unit a text is likely of, learnt from tickets that were resolved. Pure. Source: R11.
//!
//! Items are told apart by the text alone. Units are told apart by the text and, where it is known, the item, and only
//! from those that came into question: units that take part and whose area covers the ticket's region.

mod bytes;
mod lesson;
mod suggester;
mod train;

pub use lesson::Lesson;
pub use suggester::{Hit, Hits, Suggester};
pub use train::{Judged, Lessons, Quality, TooLittle, TrainingPart, train_suggester};

#[cfg(test)]
mod tests;
