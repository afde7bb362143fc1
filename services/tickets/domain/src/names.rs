//! Names of units and principals, as routing gives them.

use std::fmt;

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 64 of a-z, 0-9, '.', '-', '_'")]
pub struct InvalidName;

macro_rules! name {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// From 1 to 64 of a-z, 0-9, '.', '-', '_'.
            ///
            /// # Errors
            /// When the text has another length or other characters.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
                if (1..=64).contains(&text.len()) && text.bytes().all(good) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName)
                }
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A unit, for example `tianhe-env`.
    UnitId
}

name! {
    /// A principal, for example `li.wei` or `service.routing`.
    PrincipalId
}

impl PrincipalId {
    /// The name of an actor who is not named any more; nobody is called so.
    #[must_use]
    pub const fn nobody() -> Self {
        Self(String::new())
    }
}

name! {
    /// Another system or a file that tickets come from.
    ExternalSource
}
