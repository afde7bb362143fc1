//! Who gets in and who does not, through the authenticator and its layer.

mod door;
mod keys;
mod principals;
mod support;
mod tokens;
