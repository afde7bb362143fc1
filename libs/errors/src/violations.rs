//! Every rule that a request breaks, each with its field path.

use crate::Error;
use std::fmt::Display;

/// A field and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path in the request as its proto names it: `contact.phone`, `rows[3].path[0]`.
    pub field: String,
    /// The rule, for people.
    pub rule: String,
}

/// Collects violations, so that a caller learns all of them at once.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
}

impl Violations {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, or `None` after noting what is wrong with it.
    pub fn field<T, E: Display>(&mut self, field: impl Into<String>, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(rule) => {
                self.add(field, rule);
                None
            }
        }
    }

    /// Notes a broken rule.
    pub fn add(&mut self, field: impl Into<String>, rule: impl Display) {
        self.found.push(Violation { field: field.into(), rule: rule.to_string() });
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found so far.
    #[must_use]
    pub fn found(&self) -> &[Violation] {
        &self.found
    }

    /// Ok when nothing is wrong.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every violation.
    pub fn finish(self) -> Result<(), Error> {
        if self.found.is_empty() { Ok(()) } else { Err(Error::invalid(self.found)) }
    }

    /// The error, for a place where a value is missing because of a violation noted before.
    #[must_use]
    pub fn into_error(self) -> Error {
        Error::invalid(self.found)
    }
}
