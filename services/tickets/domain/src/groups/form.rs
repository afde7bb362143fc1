//! Form, type and channel standard it was taken down under. Source: T1, T6, T7.

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormPart {}
