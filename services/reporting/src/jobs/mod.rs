//! Background work.

pub(crate) mod rebuild;
