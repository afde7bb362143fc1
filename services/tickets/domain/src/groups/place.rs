//! Where it is about, as far as everybody may know. Source: T37.

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlacePart {}
