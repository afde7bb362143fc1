//! Who gets in and who does not, through the authenticator and its layer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod door;
mod keys;
mod on_behalf;
mod principals;
mod support;
mod tokens;
