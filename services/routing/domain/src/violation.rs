//! A rule of input that was broken.

/// A field and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path in the request: `units[3].parent_id`.
    pub field: String,
    /// The rule, for people.
    pub rule: String,
}

impl Violation {
    pub(crate) fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { field: field.into(), rule: rule.into() }
    }
}
