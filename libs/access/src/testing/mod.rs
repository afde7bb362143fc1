//! What tests of scopes compare with, for this crate and for the services that spell a scope in SQL; feature `testing`.
//!
//! [`Cedar`] answers about one caller and one ticket at a time, with a request of its own, from what the two are, and
//! knows nothing of [`crate::Facts`], [`crate::Table`] or [`crate::Scope`]. [`Dice`] makes callers, tickets and policies
//! of a seed, which is printed; `GONGDAN_ACCESS_SEED` makes the same ones again.
//!
//! Everything here panics when it fails: it is for tests only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod cedar;
mod dice;
mod policies;
mod row;
mod somebody;

pub use cedar::Cedar;
pub use dice::Dice;
pub use policies::STRANGE;
pub use row::Row;
pub use somebody::Somebody;
