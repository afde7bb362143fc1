//! What holds secrets outside of memory: files that only their owner may read, and URLs with passwords in them. In memory
//! a secret is a `secrecy::SecretString`, which `Debug` does not show and which is wiped when it is dropped.

mod file;
mod url;

pub use self::{
    file::{is_open, read, warn_if_open, write},
    url::redacted,
};
