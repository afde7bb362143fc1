//! Scopes in SQL against decisions row by row, with a real database; policies that change while they are in force.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod projection;
mod reload;
mod sql;
