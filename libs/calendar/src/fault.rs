//! What is wrong with a document.

/// A field of a document and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path in the document: `years.2026.days_off[3].date`.
    pub field: String,
    /// The rule, for people.
    pub rule: String,
}

/// Collects every fault of a document.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, rule: impl ToString) {
        self.0.push(Fault { field: field.into(), rule: rule.to_string() });
    }

    /// The value, or a fault.
    pub fn take<T, E: ToString>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|rule| self.add(field, rule)).ok()
    }
}

/// Whether a text is a key: lower-case letters, digits and `-`, 1 to 40, beginning with a letter.
#[must_use]
pub fn is_key(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
