//! Texts that people write, with their lengths in characters.

use std::fmt;

/// The text is too short, too long, or has characters that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidText {
    min: usize,
    max: usize,
    one_line: bool,
}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} characters", self.min, self.max)?;
        f.write_str(if self.one_line {
            ", one line, without control characters"
        } else {
            ", without control characters"
        })
    }
}

impl std::error::Error for InvalidText {}

macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $one_line:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name<const MIN: usize, const MAX: usize>(String);

        impl<const MIN: usize, const MAX: usize> $name<MIN, MAX> {
            /// Trims and checks.
            ///
            /// # Errors
            /// When fewer or more characters are left, or one of them is a control character that has no place here.
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                let text = text.trim();
                let bad = |c: char| c.is_control() && ($one_line || !matches!(c, '\n' | '\r' | '\t'));
                // A character has at most four bytes, so most texts need no counting.
                let fits = text.len() <= MAX || text.chars().count() <= MAX;
                let enough = text.len() >= 4 * MIN || text.chars().count() >= MIN;
                if fits && enough && !text.chars().any(bad) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidText { min: MIN, max: MAX, one_line: $one_line })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether nothing was written.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl<const MAX: usize> Default for $name<0, MAX> {
            fn default() -> Self {
                Self(String::new())
            }
        }

        impl<const MAX: usize> From<$name<1, MAX>> for $name<0, MAX> {
            fn from(text: $name<1, MAX>) -> Self {
                Self(text.0)
            }
        }

        impl<const MIN: usize, const MAX: usize> From<$name<MIN, MAX>> for String {
            fn from(text: $name<MIN, MAX>) -> Self {
                text.0
            }
        }
    };
}

text! {
    /// A text of several lines.
    Text, false
}

text! {
    /// A text of one line.
    Line, true
}

/// What a ticket is about, in one line.
pub type Subject = Line<1, 200>;
/// The request in the citizen's words.
pub type Body = Text<1, 20_000>;
/// What a ticket is about, as far as a draft says it. Source: T2.
pub type SubjectSoFar = Line<0, 200>;
/// The request in the citizen's words, as far as a draft says it. Source: T2.
pub type BodySoFar = Text<0, 20_000>;
/// Why something is done.
pub type Reason = Text<1, 2_000>;
/// What is added, if anything.
pub type Note = Text<0, 2_000>;
/// Why the matrix's priority is overridden.
pub type PriorityReason = Text<1, 500>;
/// What was done.
pub type Solution = Text<1, 10_000>;
/// What the citizen is told.
pub type Reply = Text<1, 10_000>;
/// Why it had happened, if known.
pub type RootCause = Text<0, 2_000>;
/// A person's name, if given.
pub type PersonName = Line<0, 100>;
/// An identity number, if given.
pub type IdentityNumber = Line<0, 64>;
/// An address, if given.
pub type Address = Line<0, 500>;
/// An id in another system.
pub type ExternalId = Line<1, 128>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters_after_trimming() {
        assert_eq!(Subject::parse("  噪音扰民 ").unwrap().as_str(), "噪音扰民");
        assert!(Subject::parse(&"噪".repeat(200)).is_ok());
        assert!(Subject::parse(&"噪".repeat(201)).is_err());
        assert!(Subject::parse(" \u{3000}\n").is_err());
        assert!(Note::parse("").is_ok());
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(Subject::parse("a\nb").is_err());
        assert!(Body::parse("a\nb\tc\r\nd").is_ok());
        assert!(Body::parse("a\0b").is_err(), "PostgreSQL cannot keep it");
        assert!(Body::parse("a\u{1b}[31mb").is_err());
    }
}
