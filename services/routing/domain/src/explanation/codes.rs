//! What came of something, kept as a number of one byte.

/// An enumeration that is kept by its numbers, which never change.
macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $code:ident = $number:literal,)+ }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(into = "u8", try_from = "u8")]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $code = $number,)+
        }

        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$code),+];
        }

        impl From<$name> for u8 {
            fn from(code: $name) -> Self {
                code as Self
            }
        }

        impl TryFrom<u8> for $name {
            type Error = String;

            fn try_from(number: u8) -> Result<Self, Self::Error> {
                let code = Self::ALL.iter().copied().find(|code| u8::from(*code) == number);
                code.ok_or_else(|| format!("no outcome {number}"))
            }
        }
    };
}

pub(super) use codes;
